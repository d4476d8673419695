// Asks the control API of one or several nodes.
#pragma once

#include <Poco/Dynamic/Var.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "electionctl/boot_clock.h"
#include "electionctl/record.h"

namespace electiond::ctl {

struct Question {
    std::string method = "GET";
    std::string path{};                 // as in /status
    std::string body{};                 // JSON, or empty
    std::string expects{};              // a key without which it is no answer of electiond's
    std::chrono::milliseconds wait{0};  // how long the server was asked to wait
};

struct Answer {
    std::string endpoint;  // whose answer it is
    Instant asked{};       // before the request: leases and grants in it count from here
    int status = 0;
    std::string reason;  // the status in words, as in "Conflict"
    std::string body;    // as it came
    Poco::Dynamic::Var json;

    [[nodiscard]] bool ok() const { return status / 100 == 2; }
    [[nodiscard]] Record record() const { return Record(json); }
    // What a refusal says for itself.
    [[nodiscard]] std::string why() const;
};

// One endpoint gave no usable answer; the text says what came back instead.
class NoAnswer : public std::runtime_error {
  public:
    enum class Kind { not_connected, timed_out, broken };
    NoAnswer(const std::string& what, Kind kind_in) : std::runtime_error(what), kind(kind_in) {}
    Kind kind;
};

// Parses answer.body into answer.json. Throws NoAnswer if it is no JSON, or if it is no refusal and
// lacks the key `expects` (empty: none is expected).
void read_json(Answer& answer, const std::string& expects);

// No endpoint gave a usable answer; the text lists all that was tried.
class Unreachable : public std::runtime_error {
  public:
    Unreachable(const std::string& what, bool timed_out_in)
        : std::runtime_error(what), timed_out(timed_out_in) {}
    bool timed_out;  // each was there and none answered in time
};

// Holds no connection; every question opens its own. Any thread.
class ApiClient {
  public:
    // `timeout`: how long connecting, and then each step of the answer, may take. Endpoints are as
    // parse_endpoint gives them; an empty token is not sent.
    ApiClient(std::vector<std::string> endpoints, std::string token,
              std::chrono::milliseconds timeout);

    // Asks one endpoint. Throws NoAnswer.
    [[nodiscard]] Answer ask(const std::string& endpoint, const Question& question) const;

    // Asks the endpoints in turn until one answers, and until `enough` says so of an answer; the
    // last answer where it never does. A change is not repeated elsewhere where it may have been
    // done already. Throws Unreachable.
    [[nodiscard]] Answer ask_in_turn(
        const Question& question, const std::function<bool(const Answer&)>& enough = nullptr) const;

    // The same client, token and all, for others, and with another timeout.
    [[nodiscard]] ApiClient to(std::vector<std::string> endpoints) const {
        return {std::move(endpoints), token_, timeout_};
    }
    [[nodiscard]] ApiClient within(std::chrono::milliseconds timeout) const {
        return {endpoints_, token_, timeout};
    }

    [[nodiscard]] const std::string& token() const { return token_; }
    [[nodiscard]] const std::vector<std::string>& endpoints() const { return endpoints_; }
    [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

  private:
    std::vector<std::string> endpoints_;
    std::string token_;
    std::chrono::milliseconds timeout_;
};

}  // namespace electiond::ctl
