// apps/cluster-manager.sh, verb by verb, on ports and in a folder of its own.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;
using testing::Not;

class ClusterManager : public testing::Test {
  protected:
    ~ClusterManager() override { (void)run("stop"); }

    Finished run(const std::string& verb, const std::string& id = "") {
        std::vector<std::string> command{"/usr/bin/env",
                                         "CLUSTER_DIR=" + (folder_ / "cluster").string(),
                                         "BUILD_DIR=" ELECTIOND_BUILD,
                                         "API_BASE=" + std::to_string(ports_.first()),
                                         "PEER_BASE=" + std::to_string(ports_.first() + 20),
                                         "ELECTION_TIMEOUT=600ms",
                                         "TRANSPORT=" + transport_,
                                         "TLS=" + tls_,
                                         ELECTIOND_CLUSTER_MANAGER,
                                         verb};
        if (!id.empty()) command.push_back(id);
        return cluster::run(command);
    }

    Finished done(const std::string& verb, const std::string& id = "") {
        const auto finished = run(verb, id);
        EXPECT_EQ(finished.code, 0) << verb << " " << id << "\n" << finished.said;
        EXPECT_THAT(finished.said, Not(HasSubstr("\x1b"))) << "colours, and nobody sees them";
        return finished;
    }

    Answer get(int node, const std::string& path) {
        return ask(static_cast<std::uint16_t>(ports_.first() + node), "GET", path);
    }

    // Who leads now, where all of the nodes agree; 0 where they do not come to. Not `former`, whose
    // promise may still run.
    int await_leader(const std::set<int>& nodes, std::int64_t voters, int former = 0) {
        std::string leader;
        const bool agreed = wait_until([&] {
            leader = get(*nodes.begin(), "/status").text("leaderId");
            return !leader.empty() && leader != std::to_string(former) &&
                   std::ranges::all_of(nodes, [&](int node) {
                       const auto status = get(node, "/status");
                       return status.text("leaderId") == leader &&
                              status.number("voters") == voters;
                   });
        });
        return agreed ? std::stoi(leader) : 0;
    }

    Folder folder_;
    Ports ports_;
    std::string transport_ = "http";
    std::string tls_{};  // "", "0" or "1"
};

TEST_F(ClusterManager, LeadsAClusterThroughItsLife) {
    EXPECT_THAT(done("start").said, HasSubstr("node 1 leads"));
    ASSERT_EQ(await_leader({1, 2, 3}, 3), 1);
    EXPECT_THAT(done("status").said, HasSubstr("LEADER, term 1, leader 1"));

    EXPECT_THAT(done("kill-leader").said, HasSubstr("killed node 1"));
    EXPECT_EQ(get(1, "/livez").code, 0);
    const int second = await_leader({2, 3}, 3, 1);
    ASSERT_NE(second, 0);
    EXPECT_THAT(done("status").said, HasSubstr("dead"));

    (void)done("restart", "1");
    ASSERT_EQ(await_leader({1, 2, 3}, 3), second);

    (void)done("step-down");
    const int third = await_leader({1, 2, 3}, 3, second);
    ASSERT_NE(third, 0);

    (void)done("add");
    (void)done("add", "5");
    EXPECT_EQ(await_leader({1, 2, 3, 4, 5}, 5), third);
    EXPECT_THAT(done("logs", "4").said, HasSubstr("takes part"));

    EXPECT_THAT(done("stop").said, HasSubstr("the data stays"));
    for (int node = 1; node <= 5; ++node) EXPECT_EQ(get(node, "/livez").code, 0);

    const auto term = [&] { return get(1, "/status").number("term"); };
    (void)done("start");
    EXPECT_NE(await_leader({1, 2, 3, 4, 5}, 5), 0);
    EXPECT_GT(term(), 2);  // it went on with the data that was there

    EXPECT_THAT(done("reset").said, HasSubstr("removed"));
    (void)done("start", "1");
    EXPECT_EQ(await_leader({1}, 1), 1);
    EXPECT_EQ(term(), 1);
}

TEST_F(ClusterManager, ShowsItsDemoInUnderAMinute) {
    const auto finished = done("demo");

    for (const auto* words :
         {"node 1 leads, alone", "is dead", "ms later", "follows node", "five voters"}) {
        EXPECT_THAT(finished.said, HasSubstr(words));
    }
    for (int node = 1; node <= 5; ++node) EXPECT_EQ(get(node, "/livez").code, 0);
}

TEST_F(ClusterManager, ShowsItsDemoEncrypted) {
    tls_ = "1";
    transport_ = "tcp";
    const auto finished = done("demo");

    for (const auto* words : {"node 1 of cluster demo", "https://127.0.0.1:", "is dead", "ms later",
                              "follows node", "five voters"}) {
        EXPECT_THAT(finished.said, HasSubstr(words));
    }
    EXPECT_THAT(finished.said, Not(HasSubstr("http://")));
}

TEST_F(ClusterManager, KnowsHowItsClusterWasStarted) {
    tls_ = "1";
    EXPECT_THAT(done("start").said, HasSubstr("API https://"));
    EXPECT_EQ(get(1, "/livez").code, 400) << "plain text";

    tls_ = "";
    EXPECT_THAT(done("add").said, HasSubstr("API https://"));
    EXPECT_THAT(done("status").said, HasSubstr("LEADER, term 1, leader 1"));
    tls_ = "0";
    EXPECT_EQ(run("add").code, 1) << "half of a cluster can't be encrypted";
    (void)done("stop");
    (void)done("start", "3");
    EXPECT_EQ(get(1, "/livez").code, 200);
    tls_ = "";
    EXPECT_THAT(done("add", "4").said, HasSubstr("API http://"));
}

TEST_F(ClusterManager, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(run("dance").code, 64);
    EXPECT_EQ(run("restart").code, 64);
    EXPECT_EQ(run("add", "one").code, 64);
    EXPECT_EQ(run("kill-leader").code, 1);
    EXPECT_EQ(run("status").code, 1);
}

}  // namespace
}  // namespace electiond::cluster
