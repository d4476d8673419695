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

// Asks the first node that answers, and learns the endpoints of the others from it. One thread at a
// time.
class Fetcher {
  public:
    explicit Fetcher(ApiClient client) : client_(std::move(client)) {}
    // Throws Unreachable.
    [[nodiscard]] View fetch();
    // All known endpoints; the one that answered last comes first.
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
    bool live = false;                   // a stream is open, so each change is noticed at once
    std::string not_live;                // why `live` is false
    std::vector<std::string> endpoints;  // all that are known
};

// Fetches at each event and once more a second later, and each 5 s for figures that no event
// reports. Without a stream it fetches each second. Owns its thread; any thread may call latest().
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

    // Used by the thread only.
    Fetcher fetcher_;
    EventStream stream_;
    std::chrono::steady_clock::time_point fetched_;  // when the last fetch began
    bool event_came_ = false;  // an event is the reason of the last or next fetch

    std::jthread thread_;  // last, because it uses all other members
};

}  // namespace electiond::ctl
