// Clusters whose nodes find each other by etcd: founded, moved, and not affected by its faults.
#include "cluster_test.h"
#include "etcd_server.h"
#include "page.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;
using testing::Not;

class EtcdCluster : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = EtcdServer::missing()) GTEST_SKIP() << *missing;
        EtcdServer::Setup setup;
        setup.more = {"--quota-backend-bytes=4194304"};
        server_ = std::make_unique<EtcdServer>(std::move(setup));
        cluster_ =
            std::make_unique<ShownCluster>(Plan{.discovery = "etcd", .etcd = server_->endpoint()});
    }

    [[nodiscard]] EtcdServer& server() { return *server_; }
    [[nodiscard]] ShownCluster& cluster() { return *cluster_; }
    // The discovery of a node, as its status shows it.
    [[nodiscard]] std::string discovery(int node) {
        std::ostringstream text;
        cluster().get(node, "/status").json->getArray("discovery")->stringify(text);
        return text.str();
    }
    [[nodiscard]] int lines_about_discovery(int node) const {
        std::istringstream log(read(cluster_->log(node)));
        int count = 0;
        for (std::string line; std::getline(log, line);)
            count += static_cast<int>(line.find("discovery") != std::string::npos);
        return count;
    }

    std::unique_ptr<EtcdServer> server_;
    std::unique_ptr<ShownCluster> cluster_;
};

TEST_F(EtcdCluster, ThreeBlankNodesStartedAtOnceFoundOne) {
    const auto begun = std::chrono::steady_clock::now();
    cluster().start_all();

    ASSERT_NE(cluster().await_leader(), 0);
    const auto taken =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begun);
    RecordProperty("to_a_leader_ms", std::to_string(taken.count()));

    ASSERT_NE(cluster().await_leader(3), 0);
    const auto id = cluster().get(1, "/status").text("clusterId");
    EXPECT_NE(id, "");
    for (const int node : {2, 3}) EXPECT_EQ(cluster().get(node, "/status").text("clusterId"), id);
    EXPECT_THAT(server().control({"get", "/electiond/demo/claim"}), HasSubstr(id));
}

TEST_F(EtcdCluster, NeedsNoEtcdOnceItExists) {
    cluster().start_all();
    const int leader = cluster().await_leader(3);
    ASSERT_NE(leader, 0);
    const auto term = cluster().term(leader);
    const auto stands = [&] {
        EXPECT_EQ(cluster().agreed(), leader);
        EXPECT_EQ(cluster().term(leader), term);
        EXPECT_EQ(cluster().get(leader, "/status").number("voters"), 3);
    };
    const auto reports = [&](const std::string& words) {
        for (const int node : {1, 2, 3}) {
            EXPECT_TRUE(wait_until([&] { return discovery(node).find(words) != std::string::npos; },
                                   std::chrono::seconds(30)))
                << discovery(node);
            EXPECT_THAT(discovery(node), HasSubstr("ageMs"));
        }
    };
    const auto works_again = [&] {
        for (const int node : {1, 2, 3}) {
            EXPECT_TRUE(
                wait_until([&] { return discovery(node).find("failing") == std::string::npos; },
                           std::chrono::seconds(30)))
                << discovery(node);
        }
        stands();
    };

    server().kill9();
    reports("Connection refused");
    stands();
    server().start();
    works_again();

    server().pause();
    reports("no answer within 1 s");
    stands();
    server().resume();
    works_again();

    for (int i = 0; i < 200; ++i) {
        if (server().ctl({"put", "ballast", std::string(120'000, 'x')}).code != 0) break;
    }
    server().control({"del", "--prefix", "/electiond/demo/nodes/"});
    reports("etcd has no space left");
    stands();

    for (const int node : {1, 2, 3}) EXPECT_LE(lines_about_discovery(node), 12);
}

TEST_F(EtcdCluster, FindsANodeAgainThatHasMoved) {
    cluster().start_all();
    const int leader = cluster().await_leader(3);
    ASSERT_NE(leader, 0);
    const int mover = leader == 3 ? 2 : 3;

    ASSERT_EQ(cluster().stop(mover), 0);
    cluster().move(mover);
    cluster().start(mover);

    EXPECT_NE(cluster().await_leader(3), 0);
    EXPECT_TRUE(wait_until([&] { return cluster().get(mover, "/follower").code == 200; }));
    EXPECT_EQ(cluster().get(leader, "/status").number("voters"), 3);
    EXPECT_THAT(server().control({"get", "/electiond/demo/nodes/" + std::to_string(mover)}),
                HasSubstr(":" + std::to_string(cluster().peer_port(mover))));
}

TEST(EtcdPage, LeadsFromNothingToAClusterThatNeedsNoEtcd) {
    if (const auto missing = EtcdServer::missing()) GTEST_SKIP() << *missing;
    const Folder folder;
    const auto commands = joined(blocks("discovery-etcd.md", "sh"));
    ASSERT_THAT(commands, HasSubstr("plugin: etcd"));

    const auto shown = run_commands(commands, folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log")
                             << read(folder / "lab/etcd.log");
    for (const auto* words :
         {"no fault found", "/electiond/lab/claim", "/electiond/lab/nodes/3", "clusterId",
          "healthy: can lose 1 more", "stepped down", "leads in term"}) {
        EXPECT_THAT(shown.said, HasSubstr(words));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "lab")) << "the last command removes it";
}

}  // namespace
}  // namespace electiond::cluster
