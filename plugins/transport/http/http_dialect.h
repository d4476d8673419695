// The http transport's messages: POST /<name> with a JSON body, answered by status and JSON body.
#pragma once

#include <cstddef>
#include <string>

#include "common/dialect.h"
#include "http/known_head.h"

namespace electiond::transport {

// Refuses everything that could make two readers disagree about where a message ends.
class HttpDialect : public Dialect {
  public:
    using Dialect::Dialect;

    [[nodiscard]] std::size_t depth() const override { return 1; }
    [[nodiscard]] std::size_t width() const override { return 4; }

    [[nodiscard]] std::string encode_request(std::uint64_t id, const Request& request,
                                             const Endpoint& to) const override;
    [[nodiscard]] Encoded encode_response(std::uint64_t id, const Response& response,
                                          bool keep) const override;
    [[nodiscard]] std::variant<Incomplete, Refused, ArrivedRequest> read_request(
        std::string_view bytes) const override;
    [[nodiscard]] std::variant<Incomplete, Refused, ArrivedResponse> read_response(
        std::string_view bytes) const override;
    [[nodiscard]] std::string farewell(Farewell reason) const override;

  private:
    struct Asked {
        std::string name;
        Lane lane = Lane::election;
        std::size_t body_bytes = 0;
        bool keep = true;
    };
    struct Answered {
        Response::Kind kind = Response::Kind::ok;
        std::size_t body_bytes = 0;
        bool keep = true;
    };
    [[nodiscard]] io::HttpLimits limits() const {
        return {.head_bytes = header_max(), .body_bytes = body_max()};
    }

    // These make reading faster, and change no result.
    mutable KnownHead<Asked> last_request_;
    mutable KnownHead<Answered> last_response_;
};

}  // namespace electiond::transport
