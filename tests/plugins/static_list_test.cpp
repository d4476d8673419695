// The static list: the peers that it returns, and the lists that it refuses before the start.
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

TEST(StaticList, NamesEveryBadPeerWithItsPlace) {
    EXPECT_EQ(refusal(map({{"1", "127.0.0.1:4001"}, {"2", "127.0.0.1"}, {"a b", "127.0.0.1:1"}})),
              "node.yaml:3:7: discovery[0].peers gives peer \"2\" \"127.0.0.1\", but an address "
              "must be host:port, with a port of 1 to 65535\n"
              "node.yaml:3:1: discovery[0].peers names the peer \"a b\", but an id must be 1 to 64 "
              "of A-Z a-z 0-9 . _ -");
    EXPECT_EQ(refusal(list({"::1:4001", "h:1", "h:1"})),
              "node.yaml:3:7: discovery[0].peers holds \"::1:4001\", but an address must be "
              "host:port, with a port of 1 to 65535\n"
              "node.yaml:3:7: discovery[0].peers holds \"h:1\" a second time; name each address "
              "once");
}

TEST(StaticList, RefusesWhatCannotBeAPeer) {
    EXPECT_THAT(refusal(map({{"1", "127.0.0.1:0"}})), HasSubstr("peer \"1\" \"127.0.0.1:0\""));
    EXPECT_THAT(refusal(map({{"1", "h:1"}, {"2", "h:1"}})), HasSubstr("each address once"));
    auto nested = map({});
    nested.map.push_back({"1", list({"h:1"}), "node.yaml:3:1"});
    auto empty = text("");
    empty.kind = OptionValue::Kind::none;
    nested.map.push_back({"2", empty, "node.yaml:4:1"});
    EXPECT_THAT(refusal(nested), HasSubstr("gives peer \"1\" a list, but"));
    EXPECT_THAT(refusal(nested), HasSubstr("gives peer \"2\" nothing, but"));
    for (auto& neither : {text("127.0.0.1:4001"), map({}), list({})}) {
        EXPECT_THAT(refusal(neither), HasSubstr("with at least one peer"));
    }
}

}  // namespace
}  // namespace electiond::bench
