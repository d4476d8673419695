// Fetches what `top` shows, on a thread of its own, so that the screen never waits.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "electionctl/api_client.h"
#include "electionctl/bell.h"
#include "electionctl/event_stream.h"
#include "electionctl/top_view.h"

namespace electiond::ctl {

// Asks any node that answers; learns the others' endpoints from it. One thread at a time.
class Fetcher {
  public:
    explicit Fetcher(ApiClient client) : client_(std::move(client)) {}
    // Throws Unreachable.
    [[nodiscard]] View fetch();
    // All that are known, the one that answered last first.
    [[nodiscard]] const std::vector<std::string>& endpoints() const { return client_.endpoints(); }

  private:
    [[nodiscard]] View fetch_from(const std::string& endpoint);
    void learn(const View& view, const std::string& answered);
    ApiClient client_;
};

struct News {
    View view;
    std::optional<std::chrono::steady_clock::time_point> at;  // none before the first answer
    std::string trouble;                                      // why the last try failed
    bool live = false;                   // a stream is open: what changes is noticed at once
    std::string not_live;                // why not
    std::vector<std::string> endpoints;  // all that are known
};

// Asks when the stream of events tells something, once more a second later, and each 5 s for what
// is no event; each second while there is no stream. Owns its thread; latest() may be called from
// any.
class TopFeed {
  public:
    explicit TopFeed(ApiClient client);
    [[nodiscard]] News latest() const;

  private:
    void run(const std::stop_token& stop);
    void fetch();
    void await_reason_to_fetch();
    [[nodiscard]] bool take_events();

    Bell stopped_;
    mutable std::mutex mutex_;
    News news_;  // under mutex_

    // Of the thread alone.
    Fetcher fetcher_;
    EventStream stream_;
    std::chrono::steady_clock::time_point fetched_;  // when the last fetch began
    bool event_came_ = false;                        // it was, or is, the reason to fetch

    std::jthread thread_;  // last: it uses all the rest
};

}  // namespace electiond::ctl
