// Converts requests and responses to bytes and back: the only difference between the transports.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <electiond/limits.h>
#include <electiond/transport.h>

namespace electiond::transport {

// The bytes so far are the beginning of a message: read again when there are `bytes` of them. Send
// `interim` at once (HTTP's "100 Continue").
struct Incomplete {
    std::size_t bytes = 0;
    std::string interim;
};

// These bytes never become a message: send `farewell` and close.
struct Refused {
    std::string reason;
    std::string farewell;
    // The other side sent Farewell::encrypted instead of a response: it speaks TLS.
    bool encrypted = false;
};

// Why a connection is closed although its bytes were valid so far.
enum class Farewell {
    cut_short,  // the sender ended in the middle of a request
    late,       // the request took too long to arrive
    full,       // there are too many connections
    encrypted,  // plain text came to a port that speaks TLS
    plain,      // TLS came to a port that does not speak it
};

struct ArrivedRequest {
    std::size_t size = 0;  // in bytes, of the whole message
    std::uint64_t id = 0;  // of the exchange, as its response must repeat it
    std::string name;
    std::string body;
    Lane lane = Lane::election;  // as the sender chose it
    bool keep = true;            // whether the connection may carry another
};

struct ArrivedResponse {
    std::size_t size = 0;
    std::optional<std::uint64_t> id;  // without one: the response to the oldest request under way
    Response response;
    bool keep = true;
};

struct Encoded {
    std::string bytes;
    bool keep = true;
};

// On the loop's thread.
class Dialect {
  public:
    explicit Dialect(const Limits& limits) : limits_(limits) {}
    virtual ~Dialect() = default;

    // Applies to messages that are received or sent from now on.
    void set_limits(const Limits& limits) { limits_ = limits; }

    // The largest body of a message, in either direction.
    [[nodiscard]] std::size_t body_max() const { return limits_.body_bytes; }

    // How many requests may be under way on one connection, and how many connections a peer's lane
    // may have.
    [[nodiscard]] virtual std::size_t depth() const = 0;
    [[nodiscard]] virtual std::size_t width() const = 0;

    [[nodiscard]] virtual std::string encode_request(std::uint64_t id, const Request& request,
                                                     const Endpoint& to) const = 0;
    // `response` is of a kind that goes over the wire, and its body is at most body_max() long.
    [[nodiscard]] virtual Encoded encode_response(std::uint64_t id, const Response& response,
                                                  bool keep) const = 0;

    // Reads the message at the beginning of `bytes`. Refuses one that is too long as soon as its
    // length is known.
    [[nodiscard]] virtual std::variant<Incomplete, Refused, ArrivedRequest> read_request(
        std::string_view bytes) const = 0;
    [[nodiscard]] virtual std::variant<Incomplete, Refused, ArrivedResponse> read_response(
        std::string_view bytes) const = 0;
    // The bytes to send, in plain text, before a connection is closed for this reason; may be
    // empty. read_response() recognises `encrypted`; `plain` never begins like TLS.
    [[nodiscard]] virtual std::string farewell(Farewell reason) const = 0;

  protected:
    [[nodiscard]] std::size_t header_max() const { return limits_.header_bytes; }

  private:
    Limits limits_;
};

// True for a valid name of a request: short, and safe in a request line, a frame and a log.
[[nodiscard]] inline bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

}  // namespace electiond::transport
