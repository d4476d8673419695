// Nodes that are known by name and come back under other addresses do not count as dead.
#include <signal.h>
#include <unistd.h>

#include <Poco/JSON/Array.h>

#include <set>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kMoves = 5;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowness = 2;
#else
constexpr int kSlowness = 1;
#endif

// The n-th loopback address of this process alone.
std::string address(int n) {
    return "127." + std::to_string(50 + n) + "." + std::to_string(::getpid() / 250 % 250) + "." +
           std::to_string(1 + ::getpid() % 250);
}

class NamedNodes : public testing::TestWithParam<std::string> {
  protected:
    static Plan plan(Milliseconds election_timeout) {
        return {.transport = GetParam(),
                .discovery = "static_list",
                .election_timeout = election_timeout,
                .by_name = true};
    }
    // Stops the node and starts it at the n-th address; waits until it hears the leader.
    static void expect_heard_after_move(LocalCluster& cluster, int node, int n) {
        ASSERT_EQ(cluster.stop(node), 0);
        cluster.move(node, address(n));
        cluster.start(node);
        ASSERT_TRUE(cluster.await_up(node));
        const auto up = steady_clock::now();
        const auto limit = 2 * kSlowness * (cluster.plan().election_timeout + seconds(1));

        const auto follows = [&] { return cluster.get(node, "/follower").code == 200; };
        EXPECT_TRUE(wait_until(follows, limit)) << "move " << n;
        const std::chrono::duration<double> took = steady_clock::now() - up;
        RecordProperty("seconds_" + std::to_string(n), std::to_string(took.count()));
    }
    // The nodes that this node reaches: it asks all peers.
    static std::set<int> reached(LocalCluster& cluster, int node) {
        std::set<int> found;
        const auto records = cluster.get(node, "/cluster").json->getArray("cluster");
        if (!records) return found;
        for (const auto& record : *records) {
            const auto its = record.extract<Poco::JSON::Object::Ptr>();
            if (!its->getValue<bool>("online")) continue;
            found.insert(std::stoi(its->getValue<std::string>("id")));
        }
        return found;
    }
    // How much longer the node's first exchange with the leader takes than the next one, from the
    // moment on when the name service knows the leader. A follower asks it for the members.
    static Milliseconds extra_time_of_first_exchange(LocalCluster& cluster, int node, int leader) {
        const auto timed = [&] {
            const auto asked = steady_clock::now();
            const auto answer = cluster.get(node, "/members");
            EXPECT_EQ(answer.code, 200);
            const bool is_of_leader = !answer.json->has("asOfMs");
            return is_of_leader ? std::chrono::ceil<Milliseconds>(steady_clock::now() - asked)
                                : Milliseconds::max();
        };
        cluster.name_service().set(LocalCluster::name(leader), {cluster.host(leader)});
        const auto first = timed();
        if (first == Milliseconds::max()) return first;
        return first - std::min(first, timed());
    }
};

INSTANTIATE_TEST_SUITE_P(Over, NamedNodes, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

TEST_P(NamedNodes, AFollowerThatMovesIsHeardAgainAtOnceEachTime) {
    ShownCluster cluster(plan(Milliseconds{1000}));
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int follower = leader % 3 + 1;
    const auto term = cluster.term(leader);

    for (int n = 1; n <= kMoves; ++n) expect_heard_after_move(cluster, follower, n);

    EXPECT_EQ(cluster.await_leader(3), leader);
    EXPECT_EQ(cluster.term(leader), term);
    EXPECT_GE(cluster.name_service().asked(LocalCluster::name(follower)), kMoves);
}

TEST_P(NamedNodes, NoStandbyReplacesALivingVoterThatMoves) {
    ShownCluster cluster(plan(kSlowness * Milliseconds{150}));
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    cluster.start(4);
    const auto stands_by = [&] { return cluster.get(4, "/status").text("role") == "standby"; };
    ASSERT_TRUE(wait_until(stands_by));
    const int follower = cluster.await_leader(3) % 3 + 1;
    ASSERT_NE(cluster.await_leader(3), 0);

    for (int n = 1; n <= kMoves; ++n) expect_heard_after_move(cluster, follower, n);

    EXPECT_NE(cluster.await_leader(3), 0);
    EXPECT_EQ(cluster.get(follower, "/status").text("role"), "voter");
    for (int node = 1; node <= 4; ++node) {
        EXPECT_THAT(read(cluster.log(node)),
                    testing::AllOf(testing::Not(testing::HasSubstr("voter_replaced")),
                                   testing::Not(testing::HasSubstr("voter_removed"))));
    }
}

TEST_P(NamedNodes, ANameServiceThatHangsCostsNeitherTheLeaderNorTheEndOfAProcess) {
    ShownCluster cluster(plan(Milliseconds{500}));
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    ASSERT_EQ(cluster.stop(3), 0);
    cluster.name_service().hang(LocalCluster::name(3));
    ASSERT_NE(cluster.await_leader(), 0);
    const auto asked = cluster.name_service().asked(LocalCluster::name(3));

    ASSERT_EQ(cluster.stop(2), 0);
    cluster.start(2);  // it knows no address yet
    EXPECT_NE(cluster.await_leader(), 0);
    EXPECT_TRUE(
        wait_until([&] { return cluster.name_service().asked(LocalCluster::name(3)) > asked; }));

    for (const int node : {2, 1}) {
        cluster.signal(node, SIGTERM);
        EXPECT_EQ(cluster.process(node).wait(seconds(5)), 0) << "node " << node;
    }
}

// A follower that has just started knows no address. While it looks up two names that hang, it
// finds a third node, and then the leader as soon as the name service answers for it; if look-ups
// waited for each other, or held up the node's requests, both would take as long as the test lets
// one hang.
TEST_P(NamedNodes, WhileANameHangsAnotherIsResolvedWithin100MsAndEachProcessEnds) {
    constexpr Milliseconds kResolved{100 * kSlowness};
    constexpr int kTries = 5;  // a busy machine may spoil some; a look-up that waits spoils all
    ShownCluster cluster(plan(kSlowness * Milliseconds{1000}));
    cluster.run_through(4, {});  // one more that discovery lists; it never runs
    const auto hanging = LocalCluster::name(4);
    cluster.name_service().hang(hanging);
    const auto asked = [&] { return cluster.name_service().asked(hanging); };

    for (const int node : {1, 2, 3}) cluster.start(node);
    const int leader = cluster.await_leader(3, kSlowness * seconds(10));
    ASSERT_NE(leader, 0);
    EXPECT_TRUE(wait_until([&] { return asked() >= 3; }));
    const int follower = leader % 3 + 1;
    const int third = follower % 3 + 1;

    Milliseconds quickest = Milliseconds::max();
    for (int i = 0; i < kTries && quickest > kResolved; ++i) {
        ASSERT_EQ(cluster.stop(follower), 0);
        cluster.name_service().hang(LocalCluster::name(leader));
        const auto before = asked();
        cluster.start(follower);
        ASSERT_TRUE(wait_until([&] { return cluster.get(follower, "/follower").code == 200; }));
        ASSERT_TRUE(wait_until([&] {
            return reached(cluster, follower) == std::set{follower, third};
        }));
        ASSERT_TRUE(wait_until([&] { return asked() > before; })) << "beside that of the leader";
        quickest = std::min(quickest, extra_time_of_first_exchange(cluster, follower, leader));
    }
    EXPECT_LE(quickest, kResolved);
    RecordProperty("ms", std::to_string(quickest.count()));

    EXPECT_EQ(cluster.await_leader(3), leader);
    for (const int node : {follower, leader, third}) {
        cluster.signal(node, SIGTERM);
        EXPECT_EQ(cluster.process(node).wait(seconds(5)), 0) << "node " << node;
        EXPECT_THAT(read(cluster.log(node)),
                    testing::Not(testing::HasSubstr("a part does not end")));
    }
}

}  // namespace
}  // namespace electiond::cluster
