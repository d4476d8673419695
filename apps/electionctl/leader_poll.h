// Requests /leader again and again from one endpoint, and from the next one if that fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "electionctl/api_client.h"
#include "electionctl/lead_watch.h"

namespace electiond::ctl {

// Asks one endpoint GET /leader, with `query` ("?wait=1s"), which may make the node wait for
// `wait`. Throws NoAnswer, also if the node refuses.
[[nodiscard]] Answer ask_leader(const ApiClient& client, const std::string& endpoint,
                                const std::string& query = "", std::chrono::milliseconds wait = {});

// Reads an answer of /leader. `foreign`: how long to rely on it if another node leads.
[[nodiscard]] Lead lead_in(const Answer& answer, std::chrono::milliseconds foreign);

// Reads the data of an event about the leader, or of the `reset` at the beginning of a stream;
// nullopt if it is no JSON. The result has no time limit, because the stream reports each change.
[[nodiscard]] std::optional<Lead> lead_in_event(const std::string& json,
                                                const std::string& endpoint);

// One thread at a time; blocks.
class LeaderPoll {
  public:
    explicit LeaderPoll(const ApiClient& client)
        : client_(client), known_(client.endpoints().size()) {}

    // The present state; if the endpoint's state is known already, waits up to `wait` for a change.
    // Each endpoint may take `patience` in addition. If the node answered late, its own lead may be
    // over already. Throws Unreachable if no endpoint answers.
    [[nodiscard]] Lead next(std::chrono::milliseconds wait, std::chrono::milliseconds patience);

    void move_on() { current_ = (current_ + 1) % known_.size(); }
    // The next request to the current endpoint does not wait for a change.
    void forget() { known_[current_].reset(); }

  private:
    [[nodiscard]] const std::string& endpoint() const { return client_.endpoints()[current_]; }
    [[nodiscard]] Lead ask(std::chrono::milliseconds wait, std::chrono::milliseconds patience);

    ApiClient client_;
    std::size_t current_ = 0;
    std::vector<std::optional<std::int64_t>> known_;  // the last index of each endpoint
};

}  // namespace electiond::ctl
