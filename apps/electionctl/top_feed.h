// Fetches what `top` shows, on a thread of its own, so that the screen never waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "electionctl/api_client.h"
#include "electionctl/top_view.h"

namespace electiond::ctl {

// Asks any node that answers; learns the others' endpoints from it. One thread at a time.
class Fetcher {
  public:
    explicit Fetcher(ApiClient client) : client_(std::move(client)) {}
    // Throws Unreachable.
    [[nodiscard]] View fetch();

  private:
    [[nodiscard]] View fetch_from(const std::string& endpoint);
    void learn(const View& view, const std::string& answered);
    ApiClient client_;  // whoever answered last stands first in its list
};

struct News {
    View view;
    std::optional<std::chrono::steady_clock::time_point> at;  // none before the first answer
    std::string trouble;                                      // why the last try failed
};

// Owns its thread; latest() may be called from any.
class TopFeed {
  public:
    explicit TopFeed(ApiClient client);
    [[nodiscard]] News latest() const;

  private:
    void run(const std::stop_token& stop);
    Fetcher fetcher_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    News news_;            // under mutex_
    std::jthread thread_;  // last: it uses all the rest
};

}  // namespace electiond::ctl
