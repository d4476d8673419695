// A request to a control API and its answer, for each way to send it.
#pragma once

#include <Poco/Dynamic/Var.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "electionctl/boot_clock.h"
#include "electionctl/record.h"

namespace electiond::ctl {

struct Question {
    std::string method = "GET";
    std::string path{};                 // as in /status
    std::string body{};                 // JSON, or empty
    std::string expects{};              // a key that every answer of electiond has
    std::chrono::milliseconds wait{0};  // how long the server was asked to wait
};

struct Answer {
    std::string endpoint;  // the endpoint that answered
    Instant asked{};       // before the request: leases and grants in it count from here
    int status = 0;
    std::string body;  // as received
    Poco::Dynamic::Var json;

    [[nodiscard]] bool ok() const { return status / 100 == 2; }
    [[nodiscard]] Record record() const { return Record(json); }
    // The reason that a refusal gives.
    [[nodiscard]] std::string why() const;
};

// One endpoint gave no usable answer; the text describes the failure.
class NoAnswer : public std::runtime_error {
  public:
    enum class Kind {
        not_connected,
        no_trust,      // it does not speak TLS, or one side refuses the other's certificate
        no_handshake,  // connected, but TLS was not set up in time
        timed_out,
        broken
    };
    NoAnswer(const std::string& what, Kind kind_in) : std::runtime_error(what), kind(kind_in) {}
    Kind kind;

    // The request cannot have been carried out.
    [[nodiscard]] bool not_done() const {
        return kind == Kind::not_connected || kind == Kind::no_trust || kind == Kind::no_handshake;
    }
    // The endpoint was reached, but did not answer in time.
    [[nodiscard]] bool late() const {
        return kind == Kind::timed_out || kind == Kind::no_handshake;
    }
};

// Parses answer.body into answer.json. Throws NoAnswer if it is not JSON, or if it is not a refusal
// and lacks the key `expects` (empty: any answer will do).
void read_json(Answer& answer, const std::string& expects);

}  // namespace electiond::ctl
