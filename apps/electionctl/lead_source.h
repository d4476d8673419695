// Asks for the leader, often enough to confirm a reported lead long before it expires.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <io/descriptor.h>

#include "electionctl/leader_poll.h"

namespace electiond::ctl {

// Asks on a thread of its own, so that a missing answer does not block the caller.
class LeadSource {
  public:
    explicit LeadSource(const ApiClient& client);
    // Waits for the request that is under way, at most for the client's timeout.
    ~LeadSource() = default;
    LeadSource(const LeadSource&) = delete;
    LeadSource& operator=(const LeadSource&) = delete;

    // Either the answer, or why there is none.
    struct News {
        std::optional<Lead> lead{};
        std::string trouble{};
    };
    // The news since the last call, in order. Any thread.
    [[nodiscard]] std::vector<News> take();
    // Readable for poll(2) while there is something to take.
    [[nodiscard]] int handle() const { return woken_.get(); }

  private:
    void run(const std::stop_token& stop);
    void put(News news);

    LeaderPoll poll_;  // used by the thread alone
    const std::chrono::milliseconds timeout_;
    io::Descriptor woken_;  // an eventfd
    std::mutex mutex_;
    std::condition_variable_any stopping_;
    std::vector<News> news_;  // under mutex_
    std::jthread thread_;     // last: it uses all the rest
};

}  // namespace electiond::ctl
