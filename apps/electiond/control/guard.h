// Who may ask: keeps foreign web pages out (Host, Origin), and asks for a proof (token, certificate
// of an operator) where one is needed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/exchange.h"

namespace electiond {

// What the configuration says about it.
struct Access {
    std::vector<std::string> hostnames{};   // beside localhost and this machine's own name
    std::string token{};                    // empty: there is none
    std::string cluster{};                  // whose operators may do everything; empty: none
    bool clients_need_certificate = false;  // api.tls.ca is set
    bool reading_needs_token = false;
};

// Immutable: any thread.
class Guard {
  public:
    explicit Guard(const Access& access);

    // nullopt if the request may pass. `host` is that of the target if it names one, else the
    // header's; a request without any is no browser's, and passes. A name of our own certificate
    // is as good as a configured one: no foreign page has it.
    [[nodiscard]] std::optional<Problem> admit(const std::optional<std::string>& host,
                                               const ApiRequest& request) const;

    // nullopt if the client may change something, or read it; else the 401 or 403.
    [[nodiscard]] std::optional<ApiResponse> refuse_change(const ApiRequest& request) const;
    [[nodiscard]] std::optional<ApiResponse> refuse_reading(const ApiRequest& request) const;

  private:
    [[nodiscard]] bool known_host(std::string_view host,
                                  const std::vector<std::string>& own_names) const;
    [[nodiscard]] bool is_operator(const ApiRequest& request) const;
    [[nodiscard]] std::optional<ApiResponse> refuse_without_proof(const ApiRequest& request,
                                                                  const std::string& what) const;

    std::vector<std::string> names_;
    const std::string token_;
    const std::string operator_;  // what a certificate of an operator proves; empty: nothing does
    const bool clients_need_certificate_;
    const bool reading_needs_token_;
};

}  // namespace electiond
