// Finding each other by multicast: over one host's lo, over a link by IPv6, among hostile bytes.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "../io/shell.h"
#include "discovery/discovery_bench.h"
#include "multicast/datagram.h"
#include "multicast/neighbours.h"

namespace electiond::discovery {
namespace {

using bench::eventually;
using bench::fault;
using bench::make;
using bench::node;
using bench::own_group;
using bench::text;
using testing::ElementsAre;
using testing::HasSubstr;

Datagram here(const Peer& peer) {
    return {.kind = Datagram::Kind::here, .cluster = "demo", .node = peer};
}

bool knows(Discovery& discovery, const Peer& peer) {
    const auto peers = discovery.poll();
    return std::ranges::find(peers, peer) != peers.end();
}

std::string refusal(const std::string& key, const std::string& value) {
    auto options = own_group();
    std::erase_if(options, [&](const auto& option) { return option.key == key; });
    options.push_back({key, text(value)});
    return fault([&] { (void)make("multicast", options); });
}

TEST(Datagram, ReadsWhatItWrites) {
    auto bare = node("b", 2);
    bare.uuid.reset();
    bare.api.clear();
    for (const auto& datagram :
         {here(node("a", 1)), here(bare),
          Datagram{.kind = Datagram::Kind::bye, .cluster = "\"\n\xc3\xa9", .node = node("a", 1)},
          Datagram{.kind = Datagram::Kind::ask, .cluster = "demo", .node = {}}}) {
        EXPECT_EQ(decode(encode(datagram)), datagram) << encode(datagram);
    }
}

TEST(Datagram, RefusesEveryCutAndEveryChangedByteOrReadsSomethingWhole) {
    const auto bytes = encode(here(node("a", 1)));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode(bytes.substr(0, size))) << size;
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            auto changed = bytes;
            changed[at] = static_cast<char>(value);
            const auto read = decode(changed);
            EXPECT_TRUE(!read || decode(encode(*read)) == read) << changed;
        }
    }
}

TEST(Datagram, RefusesWhatIsWellFormedButNoNode) {
    for (const auto* bytes :
         {"", "null", "[]", "{}", R"({"v":true,"kind":"ask","cluster":"demo"})",
          R"({"v":"1","kind":"ask","cluster":"demo"})", R"({"v":2,"kind":"ask","cluster":"demo"})",
          R"({"v":1,"kind":"ask"})", R"({"v":1,"kind":"what","cluster":"demo"})",
          R"({"v":1,"kind":"here","cluster":"demo"})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","addresses":[]})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","addresses":["h:0"]})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","addresses":"h:1"})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a b","addresses":["h:1"]})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","uuid":7,"addresses":["h:1"]})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","addresses":["h:1"],"api":"x"})",
          R"({"v":1,"kind":"here","cluster":"demo","id":"a","addresses":["h:1"]} {})"}) {
        EXPECT_FALSE(decode(bytes)) << bytes;
    }
    EXPECT_FALSE(decode(encode(here(node("a", 1))) + std::string(Datagram::kSizeMax, ' ')));
    EXPECT_FALSE(decode(std::string(Datagram::kSizeMax, '[')));
}

TEST(Datagram, RefusesToBeLongerThanOnePacket) {
    auto spread = node("a", 1);
    for (std::uint16_t i = 1; i < 16; ++i) spread.addresses.push_back({std::string(200, 'h'), i});

    EXPECT_THAT(fault([&] { (void)encode(here(spread)); }), HasSubstr("fewer addresses"));
}

TEST(Neighbours, ForgetsWhoIsSilent) {
    Neighbours neighbours;
    const Neighbours::Instant start{};

    neighbours.hear(here(node("a", 1)), start);
    neighbours.hear(here(node("b", 2)), start + std::chrono::seconds(20));

    EXPECT_THAT(neighbours.known(start + Neighbours::kForgetAfter),
                ElementsAre(node("a", 1), node("b", 2)));
    EXPECT_THAT(neighbours.known(start + std::chrono::seconds(40)), ElementsAre(node("b", 2)));
    EXPECT_THAT(neighbours.known(start + std::chrono::seconds(60)), ElementsAre());
}

TEST(Neighbours, KeepsTheKnownWhenAFloodOfOthersComes) {
    Neighbours neighbours;
    const Neighbours::Instant start{};
    neighbours.hear(here(node("a", 1)), start);

    for (int i = 0; i < 10'000; ++i) neighbours.hear(here(node("x" + std::to_string(i), 2)), start);
    neighbours.hear(here(node("a", 3)), start);

    const auto known = neighbours.known(start);
    EXPECT_EQ(known.size(), Neighbours::kCountMax);
    EXPECT_EQ(std::ranges::count(known, node("a", 3)), 1);
}

TEST(Neighbours, LetsOneGoThatSaysSo) {
    Neighbours neighbours;
    neighbours.hear(here(node("a", 1)), {});
    neighbours.hear({.kind = Datagram::Kind::bye, .cluster = "demo", .node = node("b", 1)}, {});
    EXPECT_EQ(neighbours.known({}).size(), 1U);

    neighbours.hear({.kind = Datagram::Kind::bye, .cluster = "demo", .node = node("a", 1)}, {});

    EXPECT_TRUE(neighbours.known({}).empty());
}

TEST(Multicast, RefusesWhatCannotBeAGroup) {
    for (const auto* group : {"127.0.0.1", "x", "::1", "239.1.1.1:7402", "ff02::1%eth0"}) {
        EXPECT_THAT(refusal("group", group), HasSubstr("a multicast address")) << group;
    }
    EXPECT_THAT(refusal("port", "0"), HasSubstr("from 1 to 65535"));
    EXPECT_THAT(refusal("ttl", "256"), HasSubstr("from 0 to 255"));
    EXPECT_THAT(refusal("interface", "a-name-that-is-too-long"), HasSubstr("name of an interface"));
    EXPECT_EQ(refusal("ttl", "0"), "");
    EXPECT_EQ(refusal("group", "ff02::7402"), "");
}

TEST(Multicast, SaysWhyAnInterfaceIsRequired) {
    EXPECT_THAT(fault([] { (void)make("multicast", {}); }), HasSubstr("default route"));
}

TEST(Multicast, NamesTheInterfacesThereAreWhereOneIsMissing) {
    const auto absent = make("multicast", own_group("nosuch0"));

    const auto sentence = fault([&] { (void)absent->poll(); });

    EXPECT_THAT(sentence, HasSubstr("no interface nosuch0"));
    EXPECT_THAT(sentence, HasSubstr("lo"));
}

TEST(Multicast, FindsANewcomerWithoutWaitingForTheNextRepetition) {
    const auto a = make("multicast", own_group());
    ASSERT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        return knows(*a, node("a", 1));
    }));
    // By now it sends nothing by itself, so only an answer can inform the new node soon.
    for (int call = 0; call < 10; ++call) a->announce(node("a", 1));

    const auto b = make("multicast", own_group());
    b->announce(node("b", 2));
    int calls = 0;
    EXPECT_TRUE(eventually([&] {
        ++calls;
        a->announce(node("a", 1));
        return knows(*b, node("a", 1));
    }));
    EXPECT_LE(calls, 50) << "half a second of calls, where a repetition takes seconds";
}

TEST(Multicast, FindsANodeInAnotherProcess) {
    const auto group = own_group();
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    const int child = bench::fork_run([&] {
        ::close(gate[1]);
        const auto b = make("multicast", group);
        const bool found = eventually([&] {
            b->announce(node("b", 2));
            return knows(*b, node("a", 1));
        });
        char byte = 0;
        const bool closed = ::read(gate[0], &byte, 1) == 0;
        b->withdraw();
        return found && closed;
    });
    ::close(gate[0]);

    const auto a = make("multicast", group);
    EXPECT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        return knows(*a, node("b", 2));
    }));
    ::close(gate[1]);
    EXPECT_TRUE(eventually([&] { return !knows(*a, node("b", 2)); })) << "it has said good-bye";
    EXPECT_TRUE(bench::ended_well(child));
}

TEST(Multicast, HearsTheGoodAmongHostileBytes) {
    const auto options = own_group();
    const auto a = make("multicast", options);
    (void)a->poll();
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(socket, 0);
    sockaddr_in group{};
    group.sin_family = AF_INET;
    group.sin_port = htons(17402);
    ASSERT_EQ(::inet_pton(AF_INET, options[0].value.text.c_str(), &group.sin_addr), 1);
    const ip_mreqn lo{.imr_multiaddr = {}, .imr_address = {}, .imr_ifindex = 1};
    ASSERT_EQ(::setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo), 0);
    const auto send = [&](const std::string& bytes) {
        ::sendto(socket, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&group),
                 sizeof group);
    };

    for (const auto& bytes :
         {std::string(), std::string(60'000, 'x'), std::string(1401, ' '), std::string(1000, '['),
          std::string(R"({"v":1,"kind":"here","cluster":"demo","id":{}})"),
          encode(here(node("a", 1))) + std::string(1400, ' ')}) {
        send(bytes);
    }
    send(encode(here(node("b", 2))));

    EXPECT_TRUE(eventually([&] { return knows(*a, node("b", 2)); }));
    EXPECT_EQ(a->poll().size(), 1U);
    ::close(socket);
}

bool run(const std::string& command) { return io::run_in_shell(command).code == 0; }

// In a network of our own: a link with two ends, and a node at each.
bool find_each_other_by_ipv6() {
    if (!run("ip link set lo up && ip link add a0 type veth peer name b0 && ip link set a0 up && "
             "ip link set b0 up")) {
        return false;
    }
    const auto at = [](const std::string& interface) {
        return make("multicast", {{"group", text("ff02::7402")}, {"interface", text(interface)}});
    };
    const auto a = at("a0");
    const auto b = at("b0");
    const bool found = eventually([&] {
        return fault([&] {
                   a->announce(node("a", 1));
                   b->announce(node("b", 2));
               }).empty() &&
               knows(*a, node("b", 2)) && knows(*b, node("a", 1));
    });
    // An interface that is removed and created again is a new one: the group must be joined again.
    if (!found || !run("ip link del a0")) return false;
    if (fault([&] { (void)a->poll(); }).find("no interface a0") == std::string::npos) return false;
    if (!run("ip link add a0 type veth peer name b0 && ip link set a0 up && ip link set b0 up"))
        return false;
    auto moved = node("b", 3);
    return eventually([&] {
        return fault([&] {
                   a->announce(node("a", 1));
                   b->announce(moved);
               }).empty() &&
               knows(*a, moved);
    });
}

// One group and port, and sockets on either of two interfaces of one host.
bool keep_to_their_interface() {
    if (!run("ip link set lo up && ip link add a0 type veth peer name b0 && ip link set a0 up && "
             "ip link set b0 up && ip address add 10.9.8.7/24 dev a0")) {
        return false;
    }
    const auto a = make("multicast", own_group("lo"));
    const auto b = make("multicast", own_group("lo"));
    const auto apart = make("multicast", own_group("a0"));
    const bool found = eventually([&] {
        apart->announce(node("x", 3));
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*a, node("b", 2)) && knows(*apart, node("x", 3));
    });
    return found && !knows(*a, node("x", 3)) && !knows(*apart, node("a", 1));
}

// Runs `act` in a child with a network namespace of its own; also true if none can be created (then
// `why`).
bool in_own_network(bool (*act)(), std::string& why) {
    if (::geteuid() != 0) {
        why = "only root may make a network of its own";
    } else if (!bench::ended_well(bench::fork_run([] { return ::unshare(CLONE_NEWNET) == 0; }))) {
        why = "there are no network namespaces here";
    } else if (!run("command -v ip > /dev/null")) {
        why = "there is no ip program";
    } else {
        return bench::ended_well(
            bench::fork_run([&] { return ::unshare(CLONE_NEWNET) == 0 && act(); }));
    }
    return true;
}

TEST(Multicast, FindsNodesByIpv6OverALinkThatGoesAndComesBack) {
    if (!std::filesystem::exists("/proc/net/if_inet6")) GTEST_SKIP() << "there is no IPv6 here";
    std::string why;
    EXPECT_TRUE(in_own_network(find_each_other_by_ipv6, why));
    if (!why.empty()) GTEST_SKIP() << why;
}

TEST(Multicast, HearsNothingOfOtherInterfaces) {
    std::string why;
    EXPECT_TRUE(in_own_network(keep_to_their_interface, why));
    if (!why.empty()) GTEST_SKIP() << why;
}

}  // namespace
}  // namespace electiond::discovery
