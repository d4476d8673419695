// handover: where the time of a planned hand-over goes, phase by phase. Over tcp, without TLS: it
// reads the messages of the daemons by a preloaded library (stamps.cpp).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench.h"
#include "stamps.h"

namespace electiond::cluster {
namespace {

using stamps::Call;
using stamps::Stamp;
using stamps::What;

constexpr std::chrono::seconds kLongest{60};

// The stamps of one process, in the order of time.
using Track = std::vector<Stamp>;

std::vector<Track> read_tracks(const std::filesystem::path& folder) {
    std::vector<Track> tracks;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(file.path(), std::ios::binary);
        Track all(stamps::kStamps);
        in.read(reinterpret_cast<char*>(all.data()),
                static_cast<std::streamsize>(all.size() * sizeof(Stamp)));
        std::erase_if(all, [](const Stamp& stamp) { return stamp.call == Call::none; });
        std::ranges::sort(all, {}, &Stamp::ns);
        if (!all.empty()) tracks.push_back(std::move(all));
    }
    return tracks;
}

// When this first happened from `from` on.
std::optional<std::int64_t> first(const Track& track, Call call, What what, std::int64_t from) {
    const auto at = std::ranges::find_if(track, [&](const Stamp& stamp) {
        return stamp.ns >= from && stamp.call == call && stamp.what == what;
    });
    return at == track.end() ? std::nullopt : std::optional(at->ns);
}

// One hand-over: what happened when, ns; in the order in which it must happen.
struct Course {
    std::int64_t asked = 0;     // the old leader has the request
    std::int64_t released = 0;  // it sends timeout-now
    std::int64_t told = 0;      // the target has it
    std::int64_t asks = 0;      // the target sends its vote requests
    std::int64_t granted = 0;   // it has the first grant
    std::int64_t saved = 0;     // … and its own vote is saved
    std::int64_t leads = 0;     // it sends its first round
    std::int64_t leased = 0;    // it has the first ack
    std::int64_t noticed = 0;   // the old leader sends the operator who leads
};

constexpr std::pair<const char*, std::pair<std::int64_t Course::*, std::int64_t Course::*>>
    kPhases[] = {
        {"request, drain", {&Course::asked, &Course::released}},
        {"timeout-now", {&Course::released, &Course::told}},
        {"target campaigns", {&Course::told, &Course::asks}},
        {"voters save, first grant", {&Course::asks, &Course::granted}},
        {"target's own save, beyond that", {&Course::granted, &Course::saved}},
        {"first round leaves", {&Course::saved, &Course::leads}},
        {"first ack: lease", {&Course::leads, &Course::leased}},
        {"all until the lease", {&Course::asked, &Course::leased}},
        {"notice to the operator", {&Course::leads, &Course::noticed}},
};

// Who receives this next: its track, and when. nullptr if nobody does.
std::pair<const Track*, std::int64_t> next_receiver(const std::vector<Track>& tracks, What what,
                                                    std::int64_t from) {
    std::pair<const Track*, std::int64_t> next{nullptr, 0};
    for (const auto& track : tracks) {
        const auto at = first(track, Call::receive, what, from);
        if (at && (!next.first || *at < next.second)) next = {&track, *at};
    }
    return next;
}

std::optional<Course> follow(const std::vector<Track>& tracks, const Track& old,
                             std::int64_t asked) {
    const auto released = first(old, Call::send, What::timeout_now, asked);
    if (!released) return std::nullopt;
    const auto [target, told] = next_receiver(tracks, What::timeout_now, *released);
    if (!target) return std::nullopt;
    const auto asks = first(*target, Call::send, What::vote_request, told);
    const auto saved = first(*target, Call::sync_ends, What::other, told);
    if (!asks || !saved) return std::nullopt;
    const auto granted = first(*target, Call::receive, What::granted, *asks);
    if (!granted) return std::nullopt;
    const auto leads = first(*target, Call::send, What::heartbeat, std::max(*granted, *saved));
    if (!leads) return std::nullopt;
    const auto leased = first(*target, Call::receive, What::acked, *leads);
    const auto noticed = first(old, Call::send, What::response, *leads);
    if (!leased || !noticed) return std::nullopt;
    return Course{.asked = asked,
                  .released = *released,
                  .told = told,
                  .asks = *asks,
                  .granted = *granted,
                  .saved = std::max(*granted, *saved),
                  .leads = *leads,
                  .leased = *leased,
                  .noticed = *noticed};
}

void print(const std::vector<Course>& courses) {
    std::printf("  %-32s %9s %9s %9s %9s\n", "ms", "min", "median", "p90", "p99");
    for (const auto& [name, ends] : kPhases) {
        std::vector<double> ms;
        for (const auto& course : courses) {
            ms.push_back(static_cast<double>(course.*ends.second - course.*ends.first) / 1e6);
        }
        std::ranges::sort(ms);
        std::printf("  %-32s", name);
        for (const double part : {0.0, 0.5, 0.9, 0.99}) {
            const auto place = std::ceil(part * static_cast<double>(ms.size()));
            std::printf(" %9.3f", ms[static_cast<std::size_t>(std::max(place, 1.0)) - 1]);
        }
        std::printf("\n");
    }
}

void hand_over(LocalCluster& cluster) {
    const int leader = cluster.await_leader(cluster.plan().nodes, kLongest);
    if (leader == 0) give_up(cluster, "the cluster does not settle");
    // At any moment between two heartbeats, and after the target holds the configuration.
    std::this_thread::sleep_for(cluster.plan().election_timeout);
    const auto answer = ask(cluster.api_port(leader), "POST", "/step-down", "", kLongest);
    if (answer.code != 200) give_up(cluster, "the leader does not step down");
}

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["transport"] = "tcp";
    known.insert({{"rounds", "100"}});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    if (plan.transport != "tcp" || plan.encrypted) {
        std::cerr << "handover reads the messages, so it needs --transport tcp without --tls\n";
        return 64;
    }
    const Folder folder;
    ::setenv(stamps::kFolder, folder.path().c_str(), 1);
    LocalCluster cluster(plan);
    cluster.preload(HANDOVER_STAMPS_LIBRARY);
    cluster.start_all();
    for (int i = 0; i < options.number("rounds"); ++i) hand_over(cluster);
    cluster.stop_all();

    const auto tracks = read_tracks(folder.path());
    std::vector<Course> courses;
    for (const auto& old : tracks) {
        for (const auto& stamp : old) {
            if (stamp.call != Call::receive || stamp.what != What::step_down) continue;
            if (const auto course = follow(tracks, old, stamp.ns)) courses.push_back(*course);
        }
    }
    std::printf("hand-over by phase: %s (%zu of %d times)\n", in_words(plan).c_str(),
                courses.size(), options.number("rounds"));
    if (courses.empty()) return 1;
    print(courses);
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
