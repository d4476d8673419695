// The http transport's messages: POST /<name> with a JSON body, answered by status and JSON body.
#include "http/http_dialect.h"

#include <io/http1.h>

#include <array>
#include <utility>

namespace electiond::transport {

namespace {

constexpr std::string_view kLaneField = "Electiond-Lane";
constexpr std::string_view kQueryLane = "query";
constexpr std::string_view kSpeaksField = "Electiond-Speaks";  // of Farewell::encrypted
constexpr std::string_view kTls = "TLS";

constexpr std::array kStatuses = {
    std::pair(Response::Kind::ok, 200), std::pair(Response::Kind::malformed, 400),
    std::pair(Response::Kind::unknown, 404), std::pair(Response::Kind::busy, 503)};

std::string encode(int status, std::string_view body, bool keep,
                   std::span<const io::HttpField> more = {}) {
    return io::write_response_head(status, "application/json", body.size(), keep, more)
        .append(body);
}

std::string encode_refusal(int status, const std::string& reason,
                           std::span<const io::HttpField> more = {}) {
    return encode(status, "{\"error\":\"" + reason + "\"}", false, more);
}

// The action of a request, or why it is refused.
struct Question {
    std::string_view name{};
    bool get = false;
    int status = 0;  // of the refusal; 0 if there is none
    std::string_view reason{};
    std::string_view allow{};  // methods, with 405
};

Question asked_for(const io::HttpRequestHead& head) {
    if (io::find_field(head.fields, "Origin")) {  // a web page in a browser
        return {.status = 403, .reason = "not for browsers"};
    }
    const auto path = head.target.substr(0, head.target.find('?'));
    const bool may_get = path == "/status";
    const bool get = may_get && head.method == "GET";
    if (head.method != "POST" && !get) {
        return {
            .status = 405, .reason = "method not allowed", .allow = may_get ? "GET, POST" : "POST"};
    }
    if (!path.starts_with('/') || !is_name(path.substr(1))) {
        return {.status = 404, .reason = "not found"};
    }
    return {.name = path.substr(1), .get = get};
}

Refused refusal(const Question& asked, bool head_only) {
    const std::array allow{io::HttpField{"Allow", asked.allow}};
    auto farewell = encode_refusal(asked.status, std::string(asked.reason),
                                   asked.allow.empty() ? std::span<const io::HttpField>{} : allow);
    if (head_only) farewell.resize(farewell.find("\r\n\r\n") + 4);
    return {std::string(asked.reason), std::move(farewell)};
}

}  // namespace

std::string HttpDialect::encode_request(std::uint64_t, const Request& request,
                                        const Endpoint& to) const {
    const std::array lane{io::HttpField{kLaneField, kQueryLane}};
    return io::write_request_head("POST", "/" + request.name, to.to_string(), "application/json",
                                  request.body.size(),
                                  request.lane == Lane::query ? std::span<const io::HttpField>(lane)
                                                              : std::span<const io::HttpField>{})
        .append(request.body);
}

Encoded HttpDialect::encode_response(std::uint64_t, const Response& response, bool keep) const {
    const auto* status =
        std::ranges::find(kStatuses, response.kind, [](const auto& pair) { return pair.first; });
    ENSURE(status != kStatuses.end());
    keep = keep && (response.kind == Response::Kind::ok || response.kind == Response::Kind::busy);
    return {encode(status->second, response.body, keep), keep};
}

std::variant<Incomplete, Refused, ArrivedRequest> HttpDialect::read_request(
    std::string_view bytes) const {
    if (const auto* said = last_request_.find(bytes, limits())) {
        const auto head = last_request_.size();
        const auto size = head + said->body_bytes;
        if (bytes.size() < size) return Incomplete{.bytes = size, .interim = {}};
        return ArrivedRequest{.size = size,
                              .name = said->name,
                              .body = std::string(bytes.substr(head, said->body_bytes)),
                              .lane = said->lane,
                              .keep = said->keep};
    }
    const auto found = io::read_request_head(bytes, limits());
    if (const auto* refused = std::get_if<io::HttpRefused>(&found)) {
        return Refused{refused->reason, encode_refusal(refused->status, refused->reason)};
    }
    if (std::holds_alternative<io::HttpIncomplete>(found)) {
        return Incomplete{.bytes = bytes.size() + 1, .interim = {}};
    }
    const auto& head = std::get<io::HttpRequestHead>(found);
    const auto asked = asked_for(head);
    if (asked.status != 0) return refusal(asked, head.method == "HEAD");

    const auto size = head.head_bytes + head.body_bytes.value_or(0);
    if (bytes.size() < size) {
        const bool waits = head.expects_continue && bytes.size() == head.head_bytes;
        return Incomplete{.bytes = size, .interim = waits ? "HTTP/1.1 100 Continue\r\n\r\n" : ""};
    }
    // GET is for people: it has no body, and uses the query lane so that it never delays an
    // election.
    const bool query = asked.get || io::find_field(head.fields, kLaneField) == kQueryLane;
    const auto lane = query ? Lane::query : Lane::election;
    if (!asked.get && !head.expects_continue) {
        last_request_.keep(bytes.substr(0, head.head_bytes), limits(),
                           {.name = std::string(asked.name),
                            .lane = lane,
                            .body_bytes = head.body_bytes.value_or(0),
                            .keep = head.keep_alive});
    }
    return ArrivedRequest{
        .size = size,
        .name = std::string(asked.name),
        .body =
            asked.get ? "{}" : std::string(bytes.substr(head.head_bytes, size - head.head_bytes)),
        .lane = lane,
        .keep = head.keep_alive};
}

std::variant<Incomplete, Refused, ArrivedResponse> HttpDialect::read_response(
    std::string_view bytes) const {
    if (const auto* said = last_response_.find(bytes, limits())) {
        const auto head = last_response_.size();
        const auto size = head + said->body_bytes;
        if (bytes.size() < size) return Incomplete{.bytes = size, .interim = {}};
        return ArrivedResponse{
            .size = size,
            .id = {},
            .response = {.kind = said->kind,
                         .body = std::string(bytes.substr(head, said->body_bytes))},
            .keep = said->keep};
    }
    const auto found = io::read_response_head(bytes, limits());
    if (const auto* refused = std::get_if<io::HttpRefused>(&found)) {
        return Refused{refused->reason, {}};
    }
    if (std::holds_alternative<io::HttpIncomplete>(found)) {
        return Incomplete{.bytes = bytes.size() + 1, .interim = {}};
    }
    const auto& head = std::get<io::HttpResponseHead>(found);
    if (head.status == 400 && io::find_field(head.fields, kSpeaksField) == kTls) {
        return Refused{.reason = "TLS", .farewell = {}, .encrypted = true};
    }
    if (!head.body_bytes) return Refused{"no Content-Length", {}};
    const auto* kind =
        std::ranges::find(kStatuses, head.status, [](const auto& pair) { return pair.second; });
    if (kind == kStatuses.end()) {
        return Refused{"HTTP status " + std::to_string(head.status), {}};
    }
    const auto size = head.head_bytes + *head.body_bytes;
    if (bytes.size() < size) return Incomplete{.bytes = size, .interim = {}};
    last_response_.keep(
        bytes.substr(0, head.head_bytes), limits(),
        {.kind = kind->first, .body_bytes = *head.body_bytes, .keep = head.keep_alive});
    return ArrivedResponse{
        .size = size,
        .id = {},
        .response = {.kind = kind->first,
                     .body = std::string(bytes.substr(head.head_bytes, *head.body_bytes))},
        .keep = head.keep_alive};
}

std::string HttpDialect::farewell(Farewell reason) const {
    switch (reason) {
        case Farewell::cut_short:
            return encode_refusal(400, "request cut short");
        case Farewell::late:
            return encode_refusal(408, "request took too long to arrive");
        case Farewell::encrypted: {
            const std::array speaks{io::HttpField{kSpeaksField, kTls}};
            return encode_refusal(400,
                                  "this port speaks TLS; set transport.tls on the node that "
                                  "connects, or use https with a client certificate",
                                  speaks);
        }
        case Farewell::plain:
            return encode_refusal(400,
                                  "this port does not speak TLS; set transport.tls here too, or "
                                  "remove it on the node that connects");
        case Farewell::full:
            break;
    }
    const std::array later{io::HttpField{"Retry-After", "1"}};
    return encode_refusal(503, "too many connections", later);
}

}  // namespace electiond::transport
