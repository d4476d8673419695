// Fetches what `top` shows, on a thread of its own, so that the screen never waits.
#include "electionctl/top_feed.h"

#include <algorithm>

#include "electionctl/arguments.h"
#include "electionctl/endpoint.h"

namespace electiond::ctl {
namespace {

constexpr std::chrono::milliseconds kPeriod{300};
constexpr std::size_t kEndpointsMax = 64;

// The JSON of an answer that is good to have, but not needed.
Poco::Dynamic::Var ask_kindly(const ApiClient& client, const std::string& endpoint,
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

std::optional<std::string> endpoint_of(const std::string& api) {
    try {
        if (!api.empty()) return parse_endpoint(api);
    } catch (const UsageError&) {
        // What a node says of another may be no address at all.
    }
    return std::nullopt;
}

}  // namespace

View Fetcher::fetch() {
    std::string tried;
    bool all_timed_out = true;
    const std::vector<std::string> endpoints = client_.endpoints();
    for (const std::string& endpoint : endpoints) {
        try {
            View view = fetch_from(endpoint);
            learn(view, endpoint);
            return view;
        } catch (const NoAnswer& failure) {
            tried += "\n  " + endpoint + ": " + failure.what();
            all_timed_out = all_timed_out && failure.kind == NoAnswer::Kind::timed_out;
        }
    }
    throw Unreachable("no endpoint answers:" + tried, all_timed_out);
}

View Fetcher::fetch_from(const std::string& endpoint) {
    const Answer cluster = client_.ask(endpoint, {.path = "/cluster", .expects = "cluster"});
    if (!cluster.ok()) throw NoAnswer(cluster.why(), NoAnswer::Kind::broken);
    const auto leader = endpoint_of(cluster.record().at("leader").text("api"));
    return make_view({.endpoint = endpoint,
                      .cluster = cluster.json,
                      .members = ask_kindly(client_, endpoint, "/members"),
                      .status = ask_kindly(client_, leader.value_or(endpoint), "/status")});
}

void Fetcher::learn(const View& view, const std::string& answered) {
    std::vector<std::string> endpoints = client_.endpoints();
    std::ranges::rotate(endpoints, std::ranges::find(endpoints, answered));
    for (const NodeRow& row : view.rows) {
        const auto endpoint = endpoint_of(row.api);
        if (endpoint && endpoints.size() < kEndpointsMax &&
            std::ranges::find(endpoints, *endpoint) == endpoints.end()) {
            endpoints.push_back(*endpoint);
        }
    }
    client_ = client_.to(std::move(endpoints));
}

TopFeed::TopFeed(ApiClient client)
    : fetcher_(std::move(client)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

News TopFeed::latest() const {
    const std::lock_guard lock(mutex_);
    return news_;
}

void TopFeed::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::optional<View> view;
        std::string trouble;
        try {
            view = fetcher_.fetch();
        } catch (const std::exception& error) {
            trouble = in_one_line(error.what());
        }
        std::unique_lock lock(mutex_);
        if (view) news_.view = std::move(*view);
        if (view) news_.at = std::chrono::steady_clock::now();
        news_.trouble = std::move(trouble);
        changed_.wait_for(lock, stop, kPeriod, [] { return false; });
    }
}

}  // namespace electiond::ctl
