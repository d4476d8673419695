// The rules that every discovery plugin in this repository must follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "discovery/discovery_bench.h"
#include "discovery/fake_dns.h"
#include "etcd_server.h"

namespace electiond::bench {
namespace {

using testing::HasSubstr;

struct Guest {
    std::string plugin;
    OptionMap good;
    OptionMap absent;  // well-formed, but the file, host or interface they name is not there
    bool spreads;      // other nodes find the nodes that are announced
    bool arbitrates;
};

void PrintTo(const Guest& guest, std::ostream* out) { *out << guest.plugin; }

// Knows two nodes by any name; one for all tests.
std::string dns_server() {
    static const FakeDns server([](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (query.type == kA) response.a(query.name, "10.0.0.1").a(query.name, "10.0.0.2");
        return {response.bytes()};
    });
    return server.address();
}

std::vector<Guest> guests() {
    return {{.plugin = "file_registry",
             .good = {{"path", text("cluster.json")}},
             .absent = {{"path", text("no/such/folder/cluster.json")}},
             .spreads = true,
             .arbitrates = true},
            {.plugin = "static_list",
             .good = {{"peers", map({{"1", "127.0.0.1:4001"}})}},
             .absent = {{"peers", map({{"1", "no-such-host.invalid:4001"}})}},
             .spreads = false,
             .arbitrates = false},
            {.plugin = "exec",
             .good = {{"command", list({"/bin/true"})}},
             .absent = {{"command", list({"/no/such/program"})}},
             .spreads = false,
             .arbitrates = false},
            {.plugin = "multicast",
             .good = own_group(),
             .absent = own_group("nosuch0"),
             .spreads = true,
             .arbitrates = false},
            {.plugin = "dns",
             .good = {{"host", text("nodes.test")}, {"servers", list({dns_server()})}},
             .absent = {{"srv", text("_no._tcp.such.invalid")}},
             .spreads = false,
             .arbitrates = false},
            {.plugin = "etcd",
             .good = {{"endpoints", list({"http://127.0.0.1:1"})}},  // the server's, once it runs
             .absent = {{"endpoints", list({"http://127.0.0.1:1"})}},
             .spreads = true,
             .arbitrates = true}};
}

class DiscoveryContract : public testing::TestWithParam<Guest> {
  protected:
    void SetUp() override {
        if (GetParam().plugin != "etcd") return;
        if (const auto missing = cluster::EtcdServer::missing()) GTEST_SKIP() << *missing;
        etcd_ = std::make_unique<cluster::EtcdServer>();
    }

    [[nodiscard]] std::unique_ptr<Discovery> made(const std::string& cluster = "demo") const {
        const auto good =
            etcd_ ? OptionMap{{"endpoints", list({etcd_->endpoint()})}} : GetParam().good;
        return make(GetParam().plugin, good, cluster, folder_.path());
    }

    Folder folder_;
    std::unique_ptr<cluster::EtcdServer> etcd_;
};

std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

bool knows(Discovery& discovery, const Peer& peer) {
    const auto peers = discovery.poll();
    return std::ranges::find(peers, peer) != peers.end();
}

bool knows_id(Discovery& discovery, const std::string& id) {
    const auto peers = discovery.poll();
    return std::ranges::any_of(peers, [&](const Peer& peer) { return peer.id.value == id; });
}

// Only for discoveries that return announced nodes.
class SpreadingDiscovery : public DiscoveryContract {};

TEST_P(DiscoveryContract, MakesItWithoutTouchingAnything) {
    const auto& guest = GetParam();
    const auto first = make(guest.plugin, guest.absent, "demo", folder_.path());  // loads it
    const auto before = open_files();

    const auto good = make(guest.plugin, guest.good, "demo", folder_.path());
    const auto absent = make(guest.plugin, guest.absent, "demo", folder_.path());

    EXPECT_EQ(open_files(), before);
    EXPECT_TRUE(folder_.names().empty());
}

TEST_P(DiscoveryContract, RefusesAnOptionThatItDoesNotKnow) {
    auto options = GetParam().good;
    options.push_back({"colour", text("red")});

    EXPECT_THAT(fault([&] { (void)make(GetParam().plugin, options); }),
                HasSubstr("node.yaml:3:7: unknown key discovery[0].colour"));
}

TEST_P(DiscoveryContract, NamesARequiredOptionThatIsMissing) {
    const auto sentence = fault([&] { (void)make(GetParam().plugin, {}); });

    EXPECT_THAT(sentence, HasSubstr("node.yaml:2:5: discovery[0]."));
    EXPECT_THAT(sentence, HasSubstr("is missing, but required"));
}

TEST_P(SpreadingDiscovery, TellsOthersWhatOneAnnounces) {
    const auto a = made();
    const auto b = made();

    EXPECT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*a, node("b", 2)) && knows(*b, node("a", 1));
    }));
}

// The scout takes a snapshot in another order for news.
TEST_P(SpreadingDiscovery, SaysTheSameInTheSameOrderWhileNothingChanges) {
    const auto a = made();
    const auto b = made();
    ASSERT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*a, node("a", 1)) && knows(*a, node("b", 2));
    }));

    const auto first = a->poll();
    for (int round = 0; round < 20; ++round) {
        b->announce(node("b", 2));
        a->announce(node("a", 1));
        EXPECT_EQ(a->poll(), first);
    }
}

TEST_P(SpreadingDiscovery, TellsWhatHasChanged) {
    const auto a = made();
    const auto b = made();
    ASSERT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        return knows(*b, node("a", 1));
    }));
    auto moved = node("a", 1);
    moved.addresses = {{"127.0.0.2", 4711}, {"::1", 4712}};

    EXPECT_TRUE(eventually([&] {
        a->announce(moved);
        return knows(*b, moved) && !knows(*b, node("a", 1));
    }));
}

TEST_P(SpreadingDiscovery, ForgetsOneThatWithdraws) {
    const auto a = made();
    const auto b = made();
    ASSERT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*b, node("a", 1));
    }));

    a->withdraw();

    EXPECT_TRUE(eventually([&] {
        b->announce(node("b", 2));
        return !knows_id(*b, "a");
    }));
    EXPECT_TRUE(eventually([&] { return knows_id(*b, "b"); }));
}

TEST_P(SpreadingDiscovery, KeepsClustersOfOtherNamesApart) {
    const auto a = made("demo");
    const auto other = made("demo2");
    const auto b = made("demo");

    ASSERT_TRUE(eventually([&] {
        other->announce(node("x", 3));
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*a, node("b", 2)) && knows_id(*other, "x");
    }));
    EXPECT_FALSE(knows_id(*a, "x"));
    EXPECT_FALSE(knows_id(*other, "a"));
}

TEST_P(DiscoveryContract, WithdrawsInSilenceWhatItNeverAnnounced) {
    made()->withdraw();

    EXPECT_TRUE(folder_.names().empty());
}

TEST_P(SpreadingDiscovery, SaysWhatIsMissingWhenItIsCalled) {
    const auto absent = make(GetParam().plugin, GetParam().absent, "demo", folder_.path());

    EXPECT_THAT(fault([&] { absent->announce(node("a", 1)); }), HasSubstr("no"));
    EXPECT_THAT(fault([&] { (void)absent->poll(); }), HasSubstr("no"));
    absent->withdraw();
}

TEST_P(SpreadingDiscovery, RefusesToAnnounceWhatOthersCouldNotRead) {
    const auto a = made();
    auto nameless = node("a", 1);
    nameless.id = NodeId("a b\"}");
    auto homeless = node("a", 1);
    homeless.addresses.clear();

    EXPECT_THAT(fault([&] { a->announce(nameless); }), HasSubstr("cannot be announced"));
    EXPECT_THAT(fault([&] { a->announce(homeless); }), HasSubstr("cannot be announced"));
}

TEST_P(DiscoveryContract, HasOneArbiterOrNoneForAsLongAsItLives) {
    const auto a = made();
    const Claim mine{.cluster_id = "cluster-1", .uuid = NodeUuid("uuid-of-a")};

    auto* const arbiter = a->arbiter();
    EXPECT_EQ(arbiter != nullptr, GetParam().arbitrates);
    if (arbiter != nullptr) {
        EXPECT_EQ(arbiter->claim("demo", mine), mine);
    }

    (void)a->poll();
    EXPECT_EQ(a->arbiter(), arbiter);
}

std::string name_of(const testing::TestParamInfo<Guest>& guest) { return guest.param.plugin; }

std::vector<Guest> spreading_guests() {
    auto all = guests();
    std::erase_if(all, [](const Guest& guest) { return !guest.spreads; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, DiscoveryContract, testing::ValuesIn(guests()), name_of);
INSTANTIATE_TEST_SUITE_P(All, SpreadingDiscovery, testing::ValuesIn(spreading_guests()), name_of);

}  // namespace
}  // namespace electiond::bench
