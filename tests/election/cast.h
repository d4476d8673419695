// Who plays in the tests: nodes by number, their configurations, records, policies and timers.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>

#include "election/durable.h"
#include "election/message.h"
#include "election/policy.h"

namespace electiond {

using namespace std::chrono_literals;

// The node under test is 1; its peers are 2, 3, … Node n has the id "n" and the uuid "un".
inline NodeId id(int n) { return NodeId(std::to_string(n)); }
inline NodeUuid uuid(int n) { return NodeUuid("u" + std::to_string(n)); }
inline Voter voter(int n) { return {id(n), uuid(n)}; }

inline Electorate electorate(std::initializer_list<int> voters, ConfigNumber number = {0, 1}) {
    Electorate config{.number = number};
    for (const int n : voters) config.voters.push_back(voter(n));
    return config;
}

inline constexpr Timing kTiming{};
inline constexpr Milliseconds kE = kTiming.election_timeout;
inline constexpr Milliseconds kH = kTiming.heartbeat;
inline constexpr Milliseconds kS = kTiming.election_spread;
inline constexpr Milliseconds kJ = kTiming.hello;
inline constexpr Duration kTick{1};  // the smallest step of time

inline constexpr const char* kCluster = "c";

inline Durable member(std::initializer_list<int> voters, Term term = 0) {
    return {.uuid = uuid(1),
            .node_id = id(1),
            .cluster_name = "demo",
            .cluster_id = kCluster,
            .starts = 1,
            .term = term,
            .config = electorate(voters)};
}

inline Durable blank() {
    return {.uuid = uuid(1), .node_id = id(1), .cluster_name = "demo", .starts = 1};
}

inline Policy plain(Bootstrap bootstrap = Bootstrap::join) {
    Policy policy;
    policy.bootstrap = bootstrap;
    return policy;
}

inline Sender sender(int n, std::string cluster = kCluster) {
    return {.cluster_id = std::move(cluster),
            .cluster_name = "demo",
            .uuid = uuid(n),
            .id = id(n),
            .incarnation = "i" + std::to_string(n)};
}

}  // namespace electiond
