// Fetches what `top` shows, on a thread of its own, so that the screen never waits.
#include "electionctl/top_feed.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "electionctl/arguments.h"
#include "electionctl/endpoint.h"

namespace electiond::ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPeriod{5000};         // for figures that no event reports
constexpr milliseconds kPeriodNotLive{1000};  // without a stream
constexpr milliseconds kSettle{1000};         // after an event, until a new leader has figures
constexpr milliseconds kBetween{100};         // two fetches, at least
constexpr std::size_t kEndpointsMax = 64;

// The JSON of an answer that is optional; empty on failure.
Poco::Dynamic::Var ask_optional(const ApiClient& client, const std::string& endpoint,
                                const std::string& path) {
    try {
        const Answer answer = client.ask(endpoint, {.path = path});
        if (answer.ok()) return answer.json;
    } catch (const NoAnswer&) {
        // The view shows what it has.
    }
    return {};
}

std::string in_one_line(const std::string& text) {
    std::string line;
    for (const char c : text) {
        if (c != '\n' && (c != ' ' || !line.ends_with(' '))) line += c;
        if (c == '\n' && !line.ends_with(' ')) line += ' ';
    }
    return line;
}

}  // namespace

View Fetcher::fetch() {
    std::string tried;
    bool all_timed_out = true, no_trust = true;
    const std::vector<std::string> endpoints = client_.endpoints();
    for (const std::string& endpoint : endpoints) {
        try {
            View view = fetch_from(endpoint);
            learn(view, endpoint);
            return view;
        } catch (const NoAnswer& failure) {
            tried += "\n  " + endpoint + ": " + failure.what();
            all_timed_out = all_timed_out && failure.late();
            no_trust = no_trust && failure.kind == NoAnswer::Kind::no_trust;
        }
    }
    throw Unreachable("no endpoint answers:" + tried, all_timed_out, no_trust);
}

View Fetcher::fetch_from(const std::string& endpoint) {
    const Answer cluster = client_.ask(endpoint, {.path = "/cluster", .expects = "cluster"});
    if (!cluster.ok()) throw NoAnswer(cluster.why(), NoAnswer::Kind::broken);
    const auto leader = reported_endpoint(cluster.record().at("leader").text("api"), endpoint,
                                          client_.credentials().bare);
    return make_view({.endpoint = endpoint,
                      .cluster = cluster.json,
                      .members = ask_optional(client_, endpoint, "/members"),
                      .status = ask_optional(client_, leader.value_or(endpoint), "/status")});
}

void Fetcher::learn(const View& view, const std::string& answered) {
    std::vector<std::string> endpoints = client_.endpoints();
    std::ranges::rotate(endpoints, std::ranges::find(endpoints, answered));
    for (const NodeRow& row : view.rows) {
        const auto endpoint = reported_endpoint(row.api, answered, client_.credentials().bare);
        if (endpoint && endpoints.size() < kEndpointsMax &&
            std::ranges::find(endpoints, *endpoint) == endpoints.end()) {
            endpoints.push_back(*endpoint);
        }
    }
    client_ = client_.to(std::move(endpoints));
}

TopFeed::TopFeed(ApiClient client)
    : fetcher_(client),
      stream_(client),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

News TopFeed::latest() const {
    const std::lock_guard lock(mutex_);
    return news_;
}

void TopFeed::run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { stopped_.ring(); });
    while (!stop.stop_requested()) {
        fetch();
        await_reason_to_fetch();
    }
}

void TopFeed::fetch() {
    fetched_ = steady_clock::now();
    const auto before = fetcher_.endpoints();
    std::optional<View> view;
    std::string trouble;
    try {
        view = fetcher_.fetch();
    } catch (const std::exception& error) {
        trouble = in_one_line(error.what());
    }
    // If another endpoint answers now, follow its events.
    if (fetcher_.endpoints() != before) stream_.use(fetcher_.endpoints());
    const std::lock_guard lock(mutex_);
    if (view) news_.view = std::move(*view);
    if (view) news_.at = steady_clock::now();
    news_.trouble = std::move(trouble);
    news_.endpoints = fetcher_.endpoints();
}

void TopFeed::await_reason_to_fetch() {
    const auto period_live = std::exchange(event_came_, false) ? kSettle : kPeriod;
    for (;;) {
        event_came_ = take_events() || event_came_;
        const auto period = event_came_ ? kBetween : latest().live ? period_live : kPeriodNotLive;
        const auto left = std::chrono::ceil<milliseconds>(fetched_ + period - steady_clock::now());
        if (left <= milliseconds(0)) return;
        // If a fetch is already due, further events need not wake this thread.
        std::array<pollfd, 2> watched{pollfd{stopped_.handle(), POLLIN, 0},
                                      pollfd{event_came_ ? -1 : stream_.handle(), POLLIN, 0}};
        (void)::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
        if (watched[0].revents != 0) return;
    }
}

// True if an event or a new stream means that something may have changed.
bool TopFeed::take_events() {
    bool changed = false;
    for (const StreamNews& news : stream_.take()) {
        using Kind = StreamNews::Kind;
        changed = changed || news.kind != Kind::failed;
        const std::lock_guard lock(mutex_);
        news_.live = news.kind == Kind::opened || news.kind == Kind::event;
        news_.not_live = in_one_line(news.trouble);
    }
    return changed;
}

}  // namespace electiond::ctl
