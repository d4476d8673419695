// A data directory that vanishes or is replaced under a running process ends it before it votes.
#include <gmock/gmock.h>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;

constexpr int kDisk = 74;
constexpr auto kEnd = std::chrono::seconds(60);

struct Harm {
    std::string name;
    std::function<void(const fs::path& data)> act;
};

void PrintTo(const Harm& harm, std::ostream* out) { *out << harm.name; }

class HarmedIdentity : public testing::TestWithParam<std::tuple<Harm, std::string>> {};

// Nothing is written meanwhile: a quiet node looks by itself.
TEST_P(HarmedIdentity, EndsTheNodeAndNoOther) {
    const auto& [harm, whose] = GetParam();
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int node = whose == "OfTheLeader" ? leader : leader % 3 + 1;

    harm.act(cluster.data(node));

    EXPECT_EQ(cluster.process(node).wait(kEnd), kDisk);
    EXPECT_THAT(read(cluster.log(node)), testing::HasSubstr("Empty the whole data directory"));
    EXPECT_NE(cluster.await_leader(), 0);
    EXPECT_EQ(cluster.running().size(), 2U);

    cluster.wipe(node);
    cluster.start(node);
    EXPECT_NE(cluster.await_leader(3), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Of, HarmedIdentity,
    testing::Combine(testing::Values(Harm{"Removal",
                                          [](const fs::path& data) { fs::remove_all(data); }},
                                     Harm{"Replacement",
                                          [](const fs::path& data) {
                                              fs::rename(data, data.string() + ".old");
                                              fs::copy(data.string() + ".old", data);
                                          }}),
                     testing::Values("OfTheLeader", "OfAFollower")),
    [](const auto& its) { return std::get<0>(its.param).name + std::get<1>(its.param); });

// The next vote is due before the node looks by itself.
TEST(Identity, NoVoteRestsOnAFileThatIsGone) {
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int node = leader % 3 + 1;
    const int other = 6 - leader - node;

    fs::remove(cluster.data(node) / "state");
    cluster.kill9(leader);

    EXPECT_EQ(cluster.process(node).wait(kEnd), kDisk);
    EXPECT_EQ(cluster.get(other, "/leader").code, 503) << "one of three is no quorum";

    cluster.start(leader);
    EXPECT_NE(cluster.await_leader(), 0);
}

}  // namespace
}  // namespace electiond::cluster
