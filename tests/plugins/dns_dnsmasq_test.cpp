// The discovery `dns` with dnsmasq: nodes that change, aliases, long answers, a server that dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "../support/dnsmasq.h"
#include "discovery/dns_scene.h"

namespace electiond::bench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RealDns : public Dns {
  protected:
    void SetUp() override {
        if (!Dnsmasq::installed()) GTEST_SKIP() << "needs dnsmasq (package dnsmasq-base)";
    }

    [[nodiscard]] Dnsmasq started(const std::vector<std::string>& options = {}) {
        return Dnsmasq(folder_.path(), std::nullopt, options);
    }
    [[nodiscard]] std::unique_ptr<Discovery> asking(const Dnsmasq& server, OptionMap options) {
        return made(std::move(options), {server.address()});
    }

    Folder folder_;
};

bool comes_to(Discovery& dns, const std::vector<std::string>& peers) {
    return eventually([&] { return shown(dns.poll()) == peers; });
}

TEST_F(RealDns, NamesTheNodesOfAHostAsTheyChange) {
    auto server = started();
    const auto dns = asking(server, {{"host", text("u.test")}});
    EXPECT_THAT(dns->poll(), IsEmpty());

    server.set_hosts("10.0.0.1 u.test\n10.0.0.2 u.test\nfd00::3 u.test\n");
    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401", "10.0.0.2:7401", "[fd00::3]:7401"}));
    for (int i = 0; i < 20; ++i) EXPECT_THAT(dns->poll(), SizeIs(3));  // it turns the order

    server.set_hosts("10.0.0.1 u.test\n10.0.0.9 u.test\n");  // one moves, one goes
    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401", "10.0.0.9:7401"}));

    server.set_hosts("10.0.0.1 other.test\n");
    EXPECT_TRUE(comes_to(*dns, {}));
}

TEST_F(RealDns, NamesTheNodesOfAService) {
    auto server =
        started({"--srv-host=_u._tcp.test,n1.test,7401", "--srv-host=_u._tcp.test,n2.test,7402",
                 "--srv-host=_u._tcp.test,n3.test,7403"});
    server.set_hosts("10.0.0.1 n1.test\n10.0.0.2 n2.test\nfd00::2 n2.test\n");
    const auto dns = asking(server, {{"srv", text("_u._tcp.test")}});

    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401", "10.0.0.2:7402 [fd00::2]:7402"}));
    server.set_hosts("10.0.0.1 n1.test\n10.0.0.2 n2.test\n10.0.0.3 n3.test\n");
    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401", "10.0.0.2:7402", "10.0.0.3:7403"}));
}

TEST_F(RealDns, FollowsAliases) {
    auto server = started({"--cname=alias.test,u.test"});
    server.set_hosts("10.0.0.1 u.test\n");
    const auto dns = asking(server, {{"host", text("alias.test")}});
    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401"}));
}

TEST_F(RealDns, NamesMoreNodesThanADatagramHolds) {
    auto server = started();
    std::string hosts;
    for (int i = 1; i <= 200; ++i) hosts += "10.0.0." + std::to_string(i) + " u.test\n";
    server.set_hosts(hosts);
    for (const auto* tcp : {"false", "true"}) {
        const auto dns = asking(server, {{"host", text("u.test")}, {"tcp", text(tcp)}});
        EXPECT_TRUE(eventually([&] { return dns->poll().size() == 200; })) << tcp;
    }
}

TEST_F(RealDns, KeepsTheTtl) {
    auto server = started({"--local-ttl=600"});
    server.set_hosts("10.0.0.1 u.test\n");
    const auto dns = asking(server, {{"host", text("u.test")}});
    ASSERT_TRUE(comes_to(*dns, {"10.0.0.1:7401"}));
    server.signal(SIGKILL);

    for (int i = 0; i < 20; ++i) EXPECT_THAT(dns->poll(), SizeIs(1));
}

TEST_F(RealDns, FailsWhileItIsStoppedOrDead) {
    auto server = started();
    server.set_hosts("10.0.0.1 u.test\n");
    const auto dns = asking(server, {{"host", text("u.test")}});
    ASSERT_TRUE(comes_to(*dns, {"10.0.0.1:7401"}));

    server.signal(SIGSTOP);
    const auto hasty = asking(server, {{"host", text("u.test")}, {"timeout", text("300ms")}});
    EXPECT_THAT(failure(*hasty), HasSubstr(server.address() + " did not answer within"));
    server.signal(SIGCONT);
    EXPECT_TRUE(comes_to(*dns, {"10.0.0.1:7401"}));

    server.signal(SIGKILL);
    EXPECT_TRUE(
        eventually([&] { return failure(*dns).find("Connection refused") != std::string::npos; }));
}

TEST_F(RealDns, NamesAZoneThatTheServerRefuses) {
    auto server = started();
    const auto dns = asking(server, {{"host", text("u.example")}});
    EXPECT_THAT(failure(*dns), HasSubstr(server.address() + " answered REFUSED"));
}

}  // namespace
}  // namespace electiond::bench
