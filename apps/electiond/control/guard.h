// Access control: refuses foreign web pages (Host, Origin), and requires a proof (token,
// certificate of an operator) for changes and, if so configured, for reading.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/exchange.h"

namespace electiond {

// The settings for access.
struct Access {
    std::vector<std::string> hostnames{};  // beside localhost and this machine's own name
    std::string token{};                   // empty: there is none
    std::string cluster{};  // operators of this cluster may do everything; empty: none
    bool clients_need_certificate = false;  // api.tls.ca is set
    bool reading_needs_token = false;
};

// Immutable: any thread.
class Guard {
  public:
    explicit Guard(const Access& access);

    // nullopt if the request may pass. `host` is that of the target if it has one, else of the
    // header; a request without both is not from a browser, and passes. Names in our own
    // certificate are accepted like configured ones: no foreign page can have them.
    [[nodiscard]] std::optional<Problem> admit(const std::optional<std::string>& host,
                                               const ApiRequest& request) const;

    // nullopt if the client may change, or read, something; else the 401 or 403.
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
    const std::string operator_;  // the name in certificates of operators; empty: none counts
    const bool clients_need_certificate_;
    const bool reading_needs_token_;
};

}  // namespace electiond
