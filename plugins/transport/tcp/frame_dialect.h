// The tcp transport's messages: length-prefixed frames, pipelined, matched by number.
#pragma once

#include "common/dialect.h"

namespace electiond::transport {

// A frame, numbers big-endian:
//
//   u32 length    of what follows
//   u64 id        chosen by the sender of a request, repeated in its response; its highest bit is
//                 set in the query lane
//   u8  kind      0 request, 1 ok, 2 malformed, 3 unknown, 4 busy; 5 and 6 end the connection
//   u8  n         only in a request: length of its name
//   n bytes       only in a request: its name
//   the rest      body, at most limits.body_bytes (64 KiB)
//
// Responses may come in any order. A frame that breaks these rules ends the connection. Kind 5
// answers plain text at a port that speaks TLS, kind 6 answers TLS at one that does not; their id
// is 0, and their body is the reason as text.
class FrameDialect : public Dialect {
  public:
    using Dialect::Dialect;

    [[nodiscard]] std::size_t depth() const override { return 32; }
    [[nodiscard]] std::size_t width() const override { return 1; }

    [[nodiscard]] std::string encode_request(std::uint64_t id, const Request& request,
                                             const Endpoint& to) const override;
    [[nodiscard]] Encoded encode_response(std::uint64_t id, const Response& response,
                                          bool keep) const override;
    [[nodiscard]] std::variant<Incomplete, Refused, ArrivedRequest> read_request(
        std::string_view bytes) const override;
    [[nodiscard]] std::variant<Incomplete, Refused, ArrivedResponse> read_response(
        std::string_view bytes) const override;
    [[nodiscard]] std::string farewell(Farewell reason) const override;
};

}  // namespace electiond::transport
