// The list that the operator wrote: what it yields, and what it refuses before anything starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/discovery_bench.h"

namespace electiond::bench {
namespace {

using testing::HasSubstr;

std::vector<Peer> polled(OptionValue peers) {
    return make("static_list", {{"peers", std::move(peers)}})->poll();
}

std::string refusal(OptionValue peers) {
    return fault([&] { (void)polled(std::move(peers)); });
}

TEST(StaticList, YieldsIdsAndAddressesInTheOrderOfTheFile) {
    const auto peers = polled(map({{"2", "127.0.0.1:4002"}, {"1", "[::1]:4001"}}));

    ASSERT_EQ(peers.size(), 2U);
    EXPECT_EQ(peers[0].id.value, "2");
    EXPECT_EQ(peers[0].addresses, std::vector<Endpoint>({{"127.0.0.1", 4002}}));
    EXPECT_EQ(peers[0].uuid, std::nullopt);
    EXPECT_EQ(peers[1].id.value, "1");
    EXPECT_EQ(peers[1].addresses, std::vector<Endpoint>({{"::1", 4001}}));
}

TEST(StaticList, LeavesNamesOfHostsAsTheyAre) {
    const auto peers = polled(map({{"1", "node1.example:4001"}}));

    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0].addresses, std::vector<Endpoint>({{"node1.example", 4001}}));
}

TEST(StaticList, TakesAddressesWithoutIds) {
    const auto peers = polled(list({"127.0.0.1:4001", "127.0.0.1:4002"}));

    ASSERT_EQ(peers.size(), 2U);
    EXPECT_TRUE(peers[0].id.empty());
    EXPECT_EQ(peers[1].addresses, std::vector<Endpoint>({{"127.0.0.1", 4002}}));
}

TEST(StaticList, NamesPlacePeerAndAddressOfABadOne) {
    EXPECT_EQ(refusal(map({{"1", "127.0.0.1:4001"}, {"2", "127.0.0.1"}})),
              "node.yaml:3:7: discovery[0].peers is a map, but must be one of addresses host:port "
              "with a port of 1 to 65535, unlike \"127.0.0.1\" of peer \"2\"");
}

TEST(StaticList, RefusesWhatCannotBeAPeer) {
    EXPECT_THAT(refusal(map({{"1", "127.0.0.1:0"}})), HasSubstr("\"127.0.0.1:0\""));
    EXPECT_THAT(refusal(list({"::1:4001"})), HasSubstr("unlike \"::1:4001\""));
    EXPECT_THAT(refusal(map({{"a b", "127.0.0.1:1"}})), HasSubstr("of peer \"a b\""));
    EXPECT_THAT(refusal(map({{"1", "h:1"}, {"2", "h:1"}})), HasSubstr("each address once"));
    for (auto& neither : {text("127.0.0.1:4001"), map({}), list({})}) {
        EXPECT_THAT(refusal(neither), HasSubstr("with at least one peer"));
    }
}

}  // namespace
}  // namespace electiond::bench
