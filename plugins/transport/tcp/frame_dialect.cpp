// The tcp transport's messages: length-prefixed frames, pipelined, matched by number.
#include "tcp/frame_dialect.h"

#include <array>
#include <utility>

namespace electiond::transport {

namespace {

constexpr std::size_t kLength = 4;
constexpr std::size_t kHead = 8 + 1;  // id and kind
constexpr std::size_t kNameMax = 255;

constexpr std::uint64_t kQuery = std::uint64_t{1} << 63;  // in an id

constexpr char kRequest = 0;
constexpr std::array kResponses = {
    std::pair(Response::Kind::ok, '\1'), std::pair(Response::Kind::malformed, '\2'),
    std::pair(Response::Kind::unknown, '\3'), std::pair(Response::Kind::busy, '\4')};

constexpr char kEncrypted = '\5';
constexpr char kPlain = '\6';

struct Frame {
    std::size_t size;  // its length included
    std::uint64_t id;
    char kind;
    std::string_view rest;
};

template <class Number>
char* put(char* to, Number number) {
    for (std::size_t shift = sizeof number * 8; shift > 0; shift -= 8) {
        *to++ = static_cast<char>(number >> (shift - 8));
    }
    return to;
}

template <class Number>
Number get(std::string_view from) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number = (number << 8) | static_cast<unsigned char>(from[i]);
    }
    return number;
}

std::string encode(std::uint64_t id, char kind, std::string_view name_part, std::string_view body) {
    const auto length = kHead + name_part.size() + body.size();
    std::array<char, kLength + kHead> head;
    *put(put(head.data(), static_cast<std::uint32_t>(length)), id) = kind;
    std::string bytes;
    bytes.reserve(kLength + length);
    return bytes.append(head.data(), head.size()).append(name_part).append(body);
}

std::variant<Incomplete, Refused, Frame> read(std::string_view bytes, std::size_t body_max) {
    if (bytes.size() < kLength) return Incomplete{.bytes = kLength, .interim = {}};
    const std::size_t length = get<std::uint32_t>(bytes);
    if (length < kHead || length > kHead + 1 + kNameMax + body_max)
        return Refused{"bad length of a frame", {}};
    if (bytes.size() < kLength + length) {
        return Incomplete{.bytes = kLength + length, .interim = {}};
    }
    return Frame{.size = kLength + length,
                 .id = get<std::uint64_t>(bytes.substr(kLength)),
                 .kind = bytes[kLength + kHead - 1],
                 .rest = bytes.substr(kLength + kHead, length - kHead)};
}

}  // namespace

std::string FrameDialect::encode_request(std::uint64_t id, const Request& request,
                                         const Endpoint&) const {
    const auto marked = request.lane == Lane::query ? id | kQuery : id;
    return encode(marked, kRequest, static_cast<char>(request.name.size()) + request.name,
                  request.body);
}

Encoded FrameDialect::encode_response(std::uint64_t id, const Response& response, bool keep) const {
    const auto kind =
        std::ranges::find(kResponses, response.kind, [](auto& pair) { return pair.first; });
    ENSURE(kind != kResponses.end());
    return {encode(id, kind->second, {}, response.body), keep};
}

std::variant<Incomplete, Refused, ArrivedRequest> FrameDialect::read_request(
    std::string_view bytes) const {
    const auto found = read(bytes, body_max());
    if (const auto* incomplete = std::get_if<Incomplete>(&found)) return *incomplete;
    if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
    const auto& [size, id, kind, rest] = std::get<Frame>(found);
    if (kind != kRequest || rest.empty()) return Refused{"bad kind of a frame", {}};
    const auto length = static_cast<unsigned char>(rest.front());
    const auto name = rest.substr(1, length);
    if (name.size() != length || !is_name(name)) return Refused{"bad name in a frame", {}};
    const auto body = rest.substr(1 + name.size());
    if (body.size() > body_max()) return Refused{"body too long", {}};
    return ArrivedRequest{.size = size,
                          .id = id,
                          .name = std::string(name),
                          .body = std::string(body),
                          .lane = (id & kQuery) != 0 ? Lane::query : Lane::election};
}

std::variant<Incomplete, Refused, ArrivedResponse> FrameDialect::read_response(
    std::string_view bytes) const {
    const auto found = read(bytes, body_max());
    if (const auto* incomplete = std::get_if<Incomplete>(&found)) return *incomplete;
    if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
    const auto& [size, id, kind, rest] = std::get<Frame>(found);
    if (kind == kEncrypted) return Refused{.reason = "TLS", .farewell = {}, .encrypted = true};
    const auto response =
        std::ranges::find(kResponses, kind, [](auto& pair) { return pair.second; });
    if (response == kResponses.end() || rest.size() > body_max()) {
        return Refused{"bad kind of a frame", {}};
    }
    return ArrivedResponse{.size = size,
                           .id = id & ~kQuery,
                           .response = {.kind = response->first, .body = std::string(rest)}};
}

std::string FrameDialect::farewell(Farewell reason) const {
    switch (reason) {
        case Farewell::encrypted:
            return encode(0, kEncrypted, {},
                          R"({"error":"this port speaks TLS; set transport.tls on the node that )"
                          R"(connects"})");
        case Farewell::plain:
            return encode(
                0, kPlain, {},
                R"({"error":"this port does not speak TLS; set transport.tls here too"})");
        case Farewell::cut_short:
        case Farewell::late:
        case Farewell::full:
            break;
    }
    return {};
}

}  // namespace electiond::transport
