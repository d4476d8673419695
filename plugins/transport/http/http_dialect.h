// The http transport's messages: POST /<name> with a JSON body, answered by status and JSON body.
#pragma once

#include "common/dialect.h"

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
};

}  // namespace electiond::transport
