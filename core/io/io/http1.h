// The one strict reader and writer of HTTP/1 heads: pure functions over bytes (RFC 9110, RFC 9112).
//
// Every function here is thread-safe and linear in its input. The readers allocate nothing but the
// vector of fields. The caller reads the body: the `body_bytes` bytes that follow the head.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace electiond::io {

struct HttpLimits {
    std::size_t head_bytes = std::size_t{16} * 1024;  // start line, fields and all line ends
    std::size_t body_bytes = std::size_t{64} * 1024;
};

// One line of a head. Both parts are views into the bytes that were read, so they are valid only as
// long as these: a caller that moves or changes the buffer must read the head again, or copy first.
// The value has no blanks around it and may be empty.
struct HttpField {
    std::string_view name;
    std::string_view value;
};

// The bytes are a valid beginning of a head: call again with the same bytes and those that follow.
struct HttpIncomplete {};

// The bytes can't become a head that is accepted, whatever follows. The connection must be closed
// after the response, because it is unknown where the next message would begin.
struct HttpRefused {
    int status;          // of the response to a request: 400, 411, 413, 417, 431 or 505
    std::string reason;  // a whole sentence for the client and the log; no part of the input
};

struct HttpRequestHead {
    std::size_t head_bytes;  // ignored empty lines before it and its final empty line included
    std::string_view method;
    // A path with or without a query, an absolute http:// or https:// URI (its authority then
    // overrides Host, RFC 9112 3.2.2), or "*" with OPTIONS. Percent-encodings are well-formed and
    // not decoded.
    std::string_view target;
    int minor_version;  // of HTTP/1: 0 or 1
    std::vector<HttpField> fields;
    // Content-Length. nullopt: none was given, so there is no body.
    std::optional<std::size_t> body_bytes;
    // The client wants to send another request (version, Connection). Always false if a method that
    // carries content (POST, PUT, PATCH) names no length: what follows could be its content.
    bool keep_alive;
    // The client waits for "100 Continue" before it sends its body. False without a body.
    bool expects_continue;
};

struct HttpResponseHead {
    std::size_t head_bytes;  // skipped interim responses and the final empty line included
    int status;              // 200 to 599
    std::vector<HttpField> fields;
    // Content-Length; 0 for 204 and 304, which have no body. nullopt: the body ends with the
    // connection. The caller knows whether it asked by HEAD, whose response has no body at all.
    std::optional<std::size_t> body_bytes;
    bool keep_alive;  // the connection can carry another request after this body
};

// The value of the first field called `name`, compared without case; nullopt if there is none. An
// accepted request has at most one Host, Content-Length, Authorization, Origin and Expect.
[[nodiscard]] std::optional<std::string_view> find_field(std::span<const HttpField> fields,
                                                         std::string_view name);

// Reads the head of the request at the beginning of `bytes`; what follows it is not looked at. At
// most two empty lines before it are ignored. The result does not depend on later bytes: once
// refused or accepted, the same bytes with more after them get the same result.
[[nodiscard]] std::variant<HttpIncomplete, HttpRefused, HttpRequestHead> read_request_head(
    std::string_view bytes, const HttpLimits& limits);

// As above, for a response. Interim responses (1xx) before it are skipped, since RFC 9110 15.2
// wants every client to be able to; 101 is refused, since we never ask for another protocol. All of
// them together must fit the limit of one head. Transfer-Encoding is refused: `status` is 411,
// which only names the rule that was broken.
[[nodiscard]] std::variant<HttpIncomplete, HttpRefused, HttpResponseHead> read_response_head(
    std::string_view bytes, const HttpLimits& limits);

// "Not Found"; empty if the status has no phrase here.
[[nodiscard]] std::string_view reason_phrase(int status);

// A whole head, final empty line included. `body_bytes` becomes the Content-Length, also of a
// response to HEAD; nullopt: the body ends with the connection, so `keep_alive` must be false. 204
// and 304 get neither length nor type. No type is written if `content_type` is empty. There is no
// Date, because nothing here reads a clock: pass it in `more`.
//
// The writers ENSURE that method and field names are tokens, that targets and values hold no
// character that the readers refuse (CR, LF, NUL, ...), and that `more` does not repeat what they
// write themselves. So check text from outside before it gets here, or take it from a reader.
[[nodiscard]] std::string write_response_head(int status, std::string_view content_type,
                                              std::optional<std::size_t> body_bytes,
                                              bool keep_alive,
                                              std::span<const HttpField> more = {});

// `target` is a path with or without a query, percent-encoded. `host` is host[:port], IPv6 literals
// in brackets; the zone of a link-local address ("[fe80::1%eth0]:80") is left out, because it means
// nothing to the other side (RFC 6874). No type is written if `content_type` is empty, and no
// length if the body is empty and the method carries no content.
[[nodiscard]] std::string write_request_head(std::string_view method, std::string_view target,
                                             std::string_view host, std::string_view content_type,
                                             std::size_t body_bytes,
                                             std::span<const HttpField> more = {});

}  // namespace electiond::io
