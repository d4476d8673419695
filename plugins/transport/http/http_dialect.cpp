// The http transport's messages: POST /<name> with a JSON body, answered by status and JSON body.
#include "http/http_dialect.h"

#include <Poco/Exception.h>
#include <Poco/MemoryStream.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/String.h>

#include <charconv>
#include <stdexcept>

namespace electiond::transport {

using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Status = HTTPResponse::HTTPStatus;

namespace {

constexpr std::size_t kHeadMax = std::size_t{16} * 1024;

// Why a message is refused; caught where it is read.
struct Fault : std::runtime_error {
    Fault(Status code, const std::string& reason, std::string allowed = {})
        : std::runtime_error(reason), status(code), allow(std::move(allowed)) {}
    Status status;
    std::string allow;  // methods, with 405
};

std::string encode(Status status, std::string_view body, bool keep, const std::string& allow = {}) {
    std::string text =
        "HTTP/1.1 " + std::to_string(static_cast<int>(status)) + " " +
        HTTPResponse::getReasonForStatus(status) +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\nConnection: " + (keep ? "keep-alive" : "close") + "\r\n";
    if (!allow.empty()) text += "Allow: " + allow + "\r\n";
    return text.append("\r\n").append(body);
}

std::string encode(const Fault& fault) {
    return encode(fault.status, "{\"error\":\"" + std::string(fault.what()) + "\"}", false,
                  fault.allow);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

// Where the head ends, its empty line included; 0 where more bytes are needed.
std::size_t head_size(std::string_view bytes) {
    if (!bytes.empty() && (bytes.front() < 'A' || bytes.front() > 'Z')) {
        throw Fault(Status::HTTP_BAD_REQUEST, "not HTTP");
    }
    const auto end = bytes.substr(0, kHeadMax).find("\r\n\r\n");
    if (end != std::string_view::npos) return end + 4;
    if (bytes.size() < kHeadMax) return 0;
    throw Fault(Status::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "head too long");
}

// POCO reads the head; what POCO is lax about is looked at here.
template <class Message>
void read_head(std::string_view head, Message& message) {
    for (std::size_t i = 0; i < head.size(); ++i) {
        const bool bare_line_end = head[i] == '\n' && (i == 0 || head[i - 1] != '\r');
        if (head[i] == '\0' || bare_line_end) throw Fault(Status::HTTP_BAD_REQUEST, "bad head");
    }
    if (head.find("\r\n ") != std::string_view::npos ||
        head.find("\r\n\t") != std::string_view::npos) {
        throw Fault(Status::HTTP_BAD_REQUEST, "folded header");
    }
    try {
        Poco::MemoryInputStream stream(head.data(), static_cast<std::streamsize>(head.size()));
        message.read(stream);
    } catch (const Poco::Exception&) {
        throw Fault(Status::HTTP_BAD_REQUEST, "bad head");
    }
    for (const auto& [name, value] : message) {
        if (!is_token(name)) throw Fault(Status::HTTP_BAD_REQUEST, "bad header name");
    }
    if (message.getVersion() != "HTTP/1.1" && message.getVersion() != "HTTP/1.0") {
        throw Fault(Status::HTTP_VERSION_NOT_SUPPORTED, "unknown version");
    }
}

// Nothing where the message does not say.
std::optional<std::size_t> body_size(const Poco::Net::HTTPMessage& message) {
    if (message.has("Transfer-Encoding")) {
        throw Fault(Status::HTTP_LENGTH_REQUIRED, "Content-Length required");
    }
    std::optional<std::size_t> size;
    for (const auto& [name, value] : message) {
        if (Poco::icompare(name, "Content-Length") != 0) continue;
        std::size_t number = 0;
        const auto* end = value.data() + value.size();
        const auto [rest, error] = std::from_chars(value.data(), end, number);
        if (rest != end || value.empty() || size) {
            throw Fault(Status::HTTP_BAD_REQUEST, "bad Content-Length");
        }
        if (error != std::errc{} || number > kBodyMax) {
            throw Fault(Status::HTTP_REQUEST_ENTITY_TOO_LARGE, "body too long");
        }
        size = number;
    }
    return size;
}

// The name that is asked for; throws where it is not asked for in the right way.
std::string name_of(const HTTPRequest& request) {
    const auto hosts = std::count_if(request.begin(), request.end(), [](const auto& header) {
        return Poco::icompare(header.first, "Host") == 0;
    });
    if (hosts > 1 || (hosts == 0 && request.getVersion() == "HTTP/1.1")) {
        throw Fault(Status::HTTP_BAD_REQUEST, "one Host required");
    }
    if (request.has("Origin")) {  // a web page in somebody's browser
        throw Fault(Status::HTTP_FORBIDDEN, "not for browsers");
    }
    const auto& target = request.getURI();
    const auto path = std::string_view(target).substr(0, target.find('?'));
    const bool may_get = path == "/status";
    const auto& method = request.getMethod();
    if (method != HTTPRequest::HTTP_POST && !(may_get && method == HTTPRequest::HTTP_GET)) {
        throw Fault(Status::HTTP_METHOD_NOT_ALLOWED, "method not allowed",
                    may_get ? "GET, POST" : "POST");
    }
    if (!path.starts_with('/') || !is_name(path.substr(1))) {
        throw Fault(Status::HTTP_NOT_FOUND, "not found");
    }
    return std::string(path.substr(1));
}

std::variant<Incomplete, Refused, ArrivedRequest> request_in(std::string_view bytes) {
    const auto head = head_size(bytes);
    if (head == 0) return Incomplete{.bytes = bytes.size() + 1, .interim = {}};
    HTTPRequest request;
    read_head(bytes.substr(0, head), request);
    const auto stated = body_size(request);
    const auto name = name_of(request);
    const auto size = head + stated.value_or(0);
    if (bytes.size() < size) {
        return Incomplete{.bytes = size,
                          .interim = request.getExpectContinue() && bytes.size() == head
                                         ? "HTTP/1.1 100 Continue\r\n\r\n"
                                         : ""};
    }
    const bool get = request.getMethod() == HTTPRequest::HTTP_GET;
    // A POST that does not say how long it is counts as empty; what follows it is not trusted.
    return ArrivedRequest{.size = size,
                          .name = name,
                          .body = get ? "{}" : std::string(bytes.substr(head, size - head)),
                          .keep = request.getKeepAlive() && (stated || get)};
}

std::variant<Incomplete, Refused, ArrivedAnswer> answer_in(std::string_view bytes) {
    const auto head = head_size(bytes);
    if (head == 0) return Incomplete{.bytes = bytes.size() + 1, .interim = {}};
    HTTPResponse response;
    read_head(bytes.substr(0, head), response);
    const auto stated = body_size(response);
    if (!stated) throw Fault(Status::HTTP_LENGTH_REQUIRED, "no Content-Length");
    const auto size = head + *stated;
    if (bytes.size() < size) return Incomplete{.bytes = size, .interim = {}};

    ArrivedAnswer arrived{
        .size = size,
        .id = {},
        .answer = {.kind = Answer::Kind::ok, .body = std::string(bytes.substr(head, *stated))},
        .keep = response.getKeepAlive()};
    switch (response.getStatus()) {
        case Status::HTTP_OK:
            break;
        case Status::HTTP_BAD_REQUEST:
            arrived.answer.kind = Answer::Kind::malformed;
            break;
        case Status::HTTP_NOT_FOUND:
            arrived.answer.kind = Answer::Kind::unknown;
            break;
        case Status::HTTP_SERVICE_UNAVAILABLE:
            arrived.answer.kind = Answer::Kind::busy;
            break;
        default:
            throw Fault(Status::HTTP_BAD_REQUEST,
                        "HTTP status " + std::to_string(static_cast<int>(response.getStatus())));
    }
    return arrived;
}

}  // namespace

std::string HttpDialect::encode_request(std::uint64_t, const Request& request,
                                        const Endpoint& to) const {
    return "POST /" + request.name + " HTTP/1.1\r\nHost: " + to.to_string() +
           "\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
}

Encoded HttpDialect::encode_answer(std::uint64_t, const Answer& answer, bool keep) const {
    switch (answer.kind) {
        case Answer::Kind::ok:
            return {encode(Status::HTTP_OK, answer.body, keep), keep};
        case Answer::Kind::malformed:
            return {encode(Status::HTTP_BAD_REQUEST, answer.body, false), false};
        case Answer::Kind::unknown:
            return {encode(Status::HTTP_NOT_FOUND, answer.body, false), false};
        default:
            return {encode(Status::HTTP_SERVICE_UNAVAILABLE, answer.body, keep), keep};
    }
}

std::variant<Incomplete, Refused, ArrivedRequest> HttpDialect::read_request(
    std::string_view bytes) const {
    try {
        return request_in(bytes);
    } catch (const Fault& fault) {
        auto farewell = encode(fault);
        if (bytes.starts_with("HEAD ")) farewell.resize(farewell.find("\r\n\r\n") + 4);
        return Refused{fault.what(), std::move(farewell)};
    }
}

std::variant<Incomplete, Refused, ArrivedAnswer> HttpDialect::read_answer(
    std::string_view bytes) const {
    try {
        return answer_in(bytes);
    } catch (const Fault& fault) {
        return Refused{fault.what(), {}};
    }
}

std::string HttpDialect::farewell_when_cut_short() const {
    return encode(Fault(Status::HTTP_BAD_REQUEST, "request cut short"));
}

}  // namespace electiond::transport
