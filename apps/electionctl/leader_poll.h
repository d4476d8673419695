// Asks /leader again and again: of one endpoint, of the next one when that fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "electionctl/api_client.h"
#include "electionctl/lead_watch.h"

namespace electiond::ctl {

// What an answer of /leader says. Where another node leads, `foreign` is how long that is believed.
[[nodiscard]] Lead lead_in(const Answer& answer, std::chrono::milliseconds foreign);

// One thread at a time; blocks.
class LeaderPoll {
  public:
    explicit LeaderPoll(const ApiClient& client)
        : client_(client), known_(client.endpoints().size()) {}

    // How things stand; where that is known already, waits up to `wait` for a change. Each endpoint
    // may take `patience` beyond that. An own lead may be over all the same, where the node took
    // its time. Throws Unreachable when none answers.
    [[nodiscard]] Lead next(std::chrono::milliseconds wait, std::chrono::milliseconds patience);

    void move_on() { current_ = (current_ + 1) % known_.size(); }
    // The endpoint asked last is asked again without waiting for a change.
    void forget() { known_[current_].reset(); }

  private:
    [[nodiscard]] const std::string& endpoint() const { return client_.endpoints()[current_]; }
    [[nodiscard]] Lead ask(std::chrono::milliseconds wait, std::chrono::milliseconds patience);

    ApiClient client_;
    std::size_t current_ = 0;
    std::vector<std::optional<std::int64_t>> known_;  // the last index of each: it is a node's own
};

}  // namespace electiond::ctl
