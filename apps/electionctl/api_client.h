// Asks the control API of one or several nodes.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "electionctl/answer.h"
#include "electionctl/credentials.h"

namespace electiond::ctl {

// No endpoint gave a usable answer; the text lists all attempts.
class Unreachable : public std::runtime_error {
  public:
    Unreachable(const std::string& what, bool timed_out_in, bool no_trust_in = false)
        : std::runtime_error(what), timed_out(timed_out_in), no_trust(no_trust_in) {}
    bool timed_out;  // each was reached and none answered in time
    bool no_trust;   // each was reached, and only TLS failed
};

// Keeps no connection; every request opens its own. Any thread.
class ApiClient {
  public:
    // `timeout`: how long connecting, and then the answer, may take. Endpoints are in the form that
    // parse_endpoint returns.
    ApiClient(std::vector<std::string> endpoints, Credentials credentials,
              std::chrono::milliseconds timeout);

    // Asks one endpoint, and waits for its answer, on an event loop of its own. Throws NoAnswer.
    [[nodiscard]] Answer ask(const std::string& endpoint, const Question& question) const;

    // Asks the endpoints in turn until one gives an answer for which `enough` is true; returns the
    // last answer if there is none. A change that may have been made is not repeated at another
    // endpoint. Throws Unreachable.
    [[nodiscard]] Answer ask_in_turn(
        const Question& question, const std::function<bool(const Answer&)>& enough = nullptr) const;

    // The same client for other endpoints, or with another timeout.
    [[nodiscard]] ApiClient to(std::vector<std::string> endpoints) const {
        return {std::move(endpoints), credentials_, timeout_};
    }
    [[nodiscard]] ApiClient within(std::chrono::milliseconds timeout) const {
        return {endpoints_, credentials_, timeout};
    }

    [[nodiscard]] const Credentials& credentials() const { return credentials_; }
    [[nodiscard]] const std::vector<std::string>& endpoints() const { return endpoints_; }
    [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

  private:
    std::vector<std::string> endpoints_;
    Credentials credentials_;
    std::chrono::milliseconds timeout_;
};

}  // namespace electiond::ctl
