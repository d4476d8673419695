// Asks DNS servers one after the other, until one answers, within a time limit.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "dns/message.h"

namespace electiond::discovery {

inline constexpr std::uint16_t kDnsPort = 53;

struct ClientSettings {
    std::vector<Endpoint> servers{};  // with IP addresses; empty: those of /etc/resolv.conf
    bool tcp = false;                 // from the beginning, not only if an answer is truncated
};

// In an answer without records, `fault` lists each server and what it did.
using Answers = std::map<Question, Answer>;

// One thread. Keeps no socket and no thread between two calls, and reads /etc/resolv.conf in each
// call, because its servers may change.
class Client {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Client(ClientSettings settings) : settings_(std::move(settings)) {}

    // Returns an answer to each question. All questions are asked in parallel. If a server does not
    // answer, or answers with an error, the next one is asked; the one that answered last is asked
    // first. "No such name" and "no such record" are answers. Throws Error if a stop is requested.
    [[nodiscard]] Answers ask(const std::set<Question>& questions, Clock::time_point deadline,
                              const std::stop_token& stop);

  private:
    ClientSettings settings_;
    Endpoint answered_{};  // the server that answered last
};

}  // namespace electiond::discovery
