// A file system or a name service that does not answer blocks neither the cluster, nor the end of
// the process, nor an operator's command.
#include <atomic>

#include "cluster_test.h"
#include "control_page.h"
#include "lab_test.h"

namespace electiond::lab {
namespace {

using cluster::wait_until;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

// What interface.md promises, with what a loaded machine may add.
constexpr Milliseconds kEnd{5100 + 1500 * kSlowness};

// Three nodes on one machine, each with the library. No right of root is needed.
class HangingCluster : public cluster::ShownCluster {
  public:
    explicit HangingCluster(cluster::Plan plan = {}) : ShownCluster(std::move(plan)) {
        for (int node = 1; node <= this->plan().nodes; ++node) {
            pages_[node] = std::make_unique<ControlPage>(folder(node) / "control");
            configure(node, {});
        }
    }
    // With settings of one node, as its environment says them.
    void configure(int node, const std::vector<std::string>& settings) {
        auto command = pages_.at(node)->command();
        command.insert(command.end(), settings.begin(), settings.end());
        run_through(node, command);
    }
    [[nodiscard]] ControlPage& page(int node) { return *pages_.at(node); }
    [[nodiscard]] bool logs(int node, const std::string& words, Milliseconds limit = seconds(20)) {
        return wait_until([&] { return cluster::read(log(node)).find(words) != std::string::npos; },
                          limit);
    }
    // Exit code, and that SIGTERM was obeyed in time.
    void expect_end(int node) {
        const auto asked = steady_clock::now();
        EXPECT_EQ(stop(node), 0);
        EXPECT_LE(steady_clock::now() - asked, kEnd);
    }
    // The leader that is there soon after what the caller has just done.
    int expect_leader_soon() {
        const auto since = steady_clock::now();
        EXPECT_TRUE(wait_until([&] { return leader().has_value(); }));
        EXPECT_LE(steady_clock::now() - since, 2 * plan().election_timeout * kSlowness);
        return await_leader();
    }

  private:
    std::map<int, std::unique_ptr<ControlPage>> pages_;
};

TEST(HangingRegistry, OfAFollowerIsToldShownAndHoldsUpNeitherElectionNorEnd) {
    HangingCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int node = leader % 3 + 1;

    cluster.page(node)->registry_hangs = true;
    ASSERT_TRUE(wait_until([&] { return cluster.page(node)->waiting > 0; }));
    const auto since = steady_clock::now();
    cluster.kill9(leader);
    EXPECT_NE(cluster.expect_leader_soon(), 0);
    cluster.start(leader);

    ASSERT_TRUE(cluster.logs(node, "discovery has not answered for 5 s, its last good answer"));
    EXPECT_GE(steady_clock::now() - since, seconds(4));
    EXPECT_LE(steady_clock::now() - since, Milliseconds{7000} + seconds(kSlowness));
    EXPECT_THAT(
        cluster.get(node, "/status").body,
        testing::AllOf(HasSubstr(R"("plugin":"file_registry")"),
                       HasSubstr(R"( has not answered for )"), HasSubstr(R"("hangs":true)")));

    cluster.page(node)->registry_hangs = false;
    EXPECT_TRUE(cluster.logs(node, "discovery works again after "));
    EXPECT_TRUE(wait_until(
        [&] { return cluster.get(node, "/status").body.find("failing") == std::string::npos; }));
}

TEST(HangingRegistry, OfALeaderCostsNeitherItsLeadNorItsEnd) {
    HangingCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int killed = leader % 3 + 1;
    const int left = killed % 3 + 1;
    const auto term = cluster.term(leader);

    cluster.page(leader)->registry_hangs = true;
    cluster.page(left)->registry_hangs = true;
    cluster.kill9(killed);
    ASSERT_TRUE(cluster.logs(leader, "discovery has not answered for"));
    ASSERT_TRUE(cluster.logs(left, "discovery has not answered for"));
    EXPECT_EQ(cluster.expect_leader_soon(), leader);
    EXPECT_EQ(cluster.term(leader), term);

    cluster.start(killed);
    ASSERT_EQ(cluster.await_leader(3), leader);
    cluster.expect_end(leader);
    EXPECT_THAT(
        cluster::read(cluster.log(leader)),
        testing::AllOf(HasSubstr("its thread is left behind"), HasSubstr("electiond has stopped")));
    EXPECT_NE(cluster.expect_leader_soon(), 0);
    cluster.expect_end(left);
}

// The process takes part, and ends, without its first answer.
TEST(HangingRegistry, FromTheStartOnHoldsUpNoStart) {
    HangingCluster cluster({.nodes = 1});
    cluster.page(1)->registry_hangs = true;
    cluster.start(1);

    ASSERT_TRUE(cluster.await_up(1));
    ASSERT_TRUE(wait_until([&] { return cluster.page(1)->waiting > 0; }));

    cluster.expect_end(1);
    EXPECT_THAT(cluster::read(cluster.log(1)), HasSubstr("its thread is left behind"));
}

TEST(HangingRegistry, EndsRecoverWithAnError) {
    HangingCluster cluster({.nodes = 1});
    cluster.start(1);
    ASSERT_NE(cluster.await_leader(), 0);
    ASSERT_EQ(cluster.stop(1), 0);
    auto recover = cluster.page(1).command();
    recover.insert(recover.end(), {ELECTIOND, "recover", "--claim", "--yes", "--config",
                                   cluster.config(1).string()});
    cluster.page(1)->registry_hangs = true;

    const auto begun = steady_clock::now();
    const auto finished = cluster::run(recover);
    EXPECT_EQ(finished.code, 69) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("discovery file_registry has not answered for 5 s"));
    EXPECT_LE(steady_clock::now() - begun, kEnd + seconds(2));
}

// The loop waits for the disk: /livez says so at once, without waiting for the loop.
TEST(HangingDisk, IsShownByLivezAboutASecondAfterItBeganAndUntilItsEnd) {
    constexpr Milliseconds kHang{4000};
    HangingCluster cluster({.nodes = 1});
    cluster.start(1);
    ASSERT_NE(cluster.await_leader(), 0);
    EXPECT_EQ(cluster.get(1, "/livez").code, 200);

    cluster.page(1)->sync_takes_ms = kHang.count();
    // Its next term must be saved.
    (void)cluster::ask(cluster.host(1), cluster.api_port(1), "POST", "/step-down", "",
                       Milliseconds{100});
    Milliseconds quickest = kHang;
    const auto livez = [&] {
        const auto asked = steady_clock::now();
        const int code = cluster.get(1, "/livez").code;
        if (code == 503) {
            quickest = std::min(
                quickest, std::chrono::duration_cast<Milliseconds>(steady_clock::now() - asked));
        }
        return code;
    };
    ASSERT_TRUE(wait_until([&] { return livez() == 503; }));
    const auto shown = steady_clock::now();
    EXPECT_EQ(cluster.get(1, "/leader").code, 503);
    cluster.page(1)->sync_takes_ms = 0;  // the save that hangs goes on

    ASSERT_TRUE(wait_until([&] { return livez() == 200; }));

    const auto lasted = steady_clock::now() - shown;
    EXPECT_GE(lasted, kHang - seconds(2)) << "it was shown too late";
    EXPECT_LT(quickest, Milliseconds{500}) << "no answer waits for the loop";
    EXPECT_NE(cluster.await_leader(), 0);
}

TEST(HangingNames, HoldUpNeitherElectionNorEnd) {
    HangingCluster cluster({.discovery = "static_list"});
    std::string peers;
    for (const int node : {1, 2, 3}) {
        peers += (peers.empty() ? "\"" : ", \"") + std::to_string(node) +
                 "\": \"localhost:" + std::to_string(cluster.peer_port(node)) + "\"";
    }
    for (const int node : {1, 2, 3}) {
        cluster.configure(node,
                          {"ELECTIOND_DISCOVERY=[{plugin: static_list, peers: {" + peers + "}}]"});
    }
    cluster.page(3)->names_hang = true;
    cluster.start_all();
    int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    ASSERT_TRUE(wait_until([&] { return cluster.page(3)->waiting > 0; }));
    if (leader != 3) {
        ASSERT_EQ(cluster.post(leader, "/step-down", R"({"to":"3"})").code, 200);
    }
    leader = cluster.await_leader(3);

    cluster.kill9(1);
    EXPECT_NE(cluster.expect_leader_soon(), 0);
    cluster.expect_end(3);
}

}  // namespace
}  // namespace electiond::lab
