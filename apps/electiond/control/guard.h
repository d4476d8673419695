// Who may ask: keeps foreign web pages out (Host, Origin) and lets only the token change things.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/exchange.h"

namespace electiond {

// Immutable: any thread.
class Guard {
  public:
    // `hostnames` beside localhost and this machine's own name; an empty token lets everyone.
    Guard(const std::vector<std::string>& hostnames, std::string token);

    // Nothing where the request may pass. `host` is that of the target where it names one, else the
    // header's; a request without any is no browser's, and passes.
    [[nodiscard]] std::optional<Problem> admit(const std::optional<std::string>& host,
                                               const std::optional<std::string>& origin) const;

    // Does the Authorization header carry the token? The time it takes tells nothing about it.
    [[nodiscard]] bool may_change(const std::optional<std::string>& authorization) const;

  private:
    [[nodiscard]] bool known_host(std::string_view host) const;

    std::vector<std::string> names_;
    std::string token_;
};

}  // namespace electiond
