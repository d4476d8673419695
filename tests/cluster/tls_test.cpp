// Encrypted clusters of real processes: replaced certificates, and nodes that must not be let in.
#include <set>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

constexpr Milliseconds kTimeout{600};

class Encrypted : public testing::TestWithParam<std::string> {
  protected:
    ShownCluster cluster{{.transport = GetParam(),
                          .discovery = "static_list",
                          .election_timeout = kTimeout,
                          .encrypted = true}};

    void form() {
        cluster.start_all();
        leader = cluster.await_leader(3);
        ASSERT_NE(leader, 0);
        term = cluster.term(leader);
    }
    [[nodiscard]] int follower() const { return leader == 1 ? 2 : 1; }
    // Its log has said all of these.
    void expect_said(int node, const std::vector<std::string>& texts) {
        for (const auto& text : texts) {
            EXPECT_TRUE(wait_until([&] {
                return read(cluster.log(node)).find(text) != std::string::npos;
            })) << "node "
                << node << " does not say: " << text;
        }
    }
    // Among these nodes.
    void expect_no_election(const std::set<int>& among = {}) {
        EXPECT_TRUE(wait_until([&] { return cluster.agreed(among) == leader; }));
        EXPECT_EQ(cluster.term(leader), term);
    }
    [[nodiscard]] std::set<int> all_but(int node) const {
        std::set<int> others{1, 2, 3};
        others.erase(node);
        return others;
    }

    int leader = 0;
    std::int64_t term = 0;
};

TEST_P(Encrypted, ALeaderThatDiesIsReplaced) {
    form();
    cluster.kill9(leader);
    const int next = cluster.await_leader();
    ASSERT_NE(next, 0);
    EXPECT_NE(next, leader);
}

// First each node trusts both authorities, then each gets a certificate of the new one, then the
// old one goes.
TEST_P(Encrypted, AllCertificatesAreReplacedTwiceWithoutAnElection) {
    form();
    TestCa second("second CA");
    TestCa third("third CA");
    const auto reload = [&](int node) {
        const auto text = "certificates read again";
        const auto count = [&] {
            const auto log = read(cluster.log(node));
            std::size_t times = 0;
            for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
                ++times;
            }
            return times;
        };
        const auto before = count();
        cluster.signal(node, SIGHUP);
        ASSERT_TRUE(wait_until([&] { return count() > before; })) << node;
    };
    std::string trusted = read(cluster.authority().file());
    for (auto* const next : {&second, &third}) {
        const auto fresh = read(next->file());
        for (const int node : {1, 2, 3}) {
            cluster.trust(node, trusted + fresh);
            reload(node);
        }
        for (const int node : {1, 2, 3}) {
            cluster.certify(node, *next);
            reload(node);
        }
        for (const int node : {1, 2, 3}) {
            cluster.trust(node, fresh);
            reload(node);
        }
        trusted = fresh;
        expect_no_election();
    }
    cluster.kill9(follower());
    cluster.start(follower());
    EXPECT_TRUE(wait_until([&] { return cluster.agreed() == leader; }));
    EXPECT_EQ(cluster.term(leader), term);
}

TEST_P(Encrypted, ANodeOfAForeignAuthorityIsRefusedAndBothSidesSayWhy) {
    form();
    TestCa foreign("another CA");
    const int node = follower();
    ASSERT_EQ(cluster.stop(node), 0);
    cluster.certify(node, foreign);
    cluster.trust(node, read(foreign.file()));
    cluster.start(node);
    expect_said(node,
                {"which is not in transport.tls.ca", "because it does not trust its authority"});
    expect_said(leader, {"was signed by CN=another CA, which is not in transport.tls.ca",
                         "because it does not trust its authority"});
    expect_no_election(all_but(node));
}

// Its certificate names another node, and is right otherwise.
TEST_P(Encrypted, ANodeWithTheCertificateOfAnotherDoesNotStart) {
    form();
    const int node = follower();
    ASSERT_EQ(cluster.stop(node), 0);
    cluster.certify(node, cluster.authority(), {.names = {LocalCluster::identity(leader)}});
    cluster.start(node);
    EXPECT_EQ(cluster.process(node).wait(std::chrono::seconds(20)), 78);
    expect_no_election();
}

// It has a member's certificate, speaks as another, and would itself believe everybody.
TEST_P(Encrypted, AMemberThatSpeaksAsAnotherIsRefusedAndBothSidesSayWhy) {
    form();
    const int node = follower();
    const int member = 6 - leader - node;
    ASSERT_EQ(cluster.stop(node), 0);
    cluster.certify(node, cluster.authority(), {.names = {LocalCluster::identity(member)}});
    cluster.configure(node, "ELECTIOND_TRANSPORT_TLS_IDENTITY=ca");
    cluster.start(node);
    const auto claims = " claims to be node " + std::to_string(node) +
                        ", but its certificate is for " + LocalCluster::identity(member);
    for (const int other : all_but(node)) expect_said(other, {claims});
    // To a heartbeat or to a hello, whichever came first: its kind has one line a minute.
    expect_said(leader, {"message refused: answer to "});
    expect_no_election(all_but(node));
    cluster.kill9(member);  // only its vote could make up for it
    EXPECT_TRUE(wait_until([&] { return !cluster.leader(); }));
    // It asks for votes now. Before, it heard a leader and had no need to ask anyone again, so that
    // one answer that was lost was all that it could have heard of it.
    expect_said(node, {"it does not accept this node as node " + std::to_string(node)});
    cluster.start(member);
    EXPECT_TRUE(wait_until([&] { return cluster.agreed(all_but(node)).has_value(); }));
}

INSTANTIATE_TEST_SUITE_P(By, Encrypted, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

}  // namespace
}  // namespace electiond::cluster
