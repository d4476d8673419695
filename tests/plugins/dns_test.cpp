// The discovery `dns`: nodes of a host or a service, the time to live, options, and its check.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/dns_scene.h"
#include "dns/check.h"

namespace electiond::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- peers --------------------------------------------------------------------------------------

TEST_F(Dns, MakesEachAddressOfAHostANode) {
    FakeDns server(same({{kA, "10.0.0.2"}, {kA, "10.0.0.1"}, {kAaaa, "fd00::1"}}));
    EXPECT_THAT(shown(made({{"host", text("U.test.")}}, server)->poll()),
                ElementsAre("10.0.0.1:7401", "10.0.0.2:7401", "[fd00::1]:7401"));
    EXPECT_THAT(server.take_asked(), testing::UnorderedElementsAre("u.test A", "u.test AAAA"));

    EXPECT_THAT(
        shown(
            made({{"host", text("u.test")}, {"port", text("99")}, {"family", text("ipv4")}}, server)
                ->poll()),
        ElementsAre("10.0.0.1:99", "10.0.0.2:99"));
    EXPECT_THAT(shown(made({{"host", text("u.test")}, {"family", text("ipv6")}}, server)->poll()),
                ElementsAre("[fd00::1]:7401"));
}

TEST_F(Dns, MakesEachTargetOfAServiceANode) {
    FakeDns server(services);

    EXPECT_THAT(shown(made({{"srv", text("_u._tcp.test")}}, server)->poll()),
                ElementsAre("10.0.0.1:7401 [fd00::1]:7401", "10.0.0.2:7402"));
    EXPECT_THAT(server.take_asked(),
                testing::UnorderedElementsAre("_u._tcp.test SRV", "n1.test A", "n1.test AAAA",
                                              "n2.test A", "n2.test AAAA"));
}

TEST_F(Dns, LeavesOutItself) {
    FakeDns server(same({{kA, "10.0.0.1"}, {kA, "10.0.0.2"}, {kAaaa, "fd00::1"}}));
    const auto dns = made({{"host", text("u.test")}}, server);

    dns->announce(self("10.0.0.1"));
    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.2:7401", "[fd00::1]:7401"));
    dns->announce(self("fd00:0::1"));
    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401", "10.0.0.2:7401"));
    dns->announce(self("10.0.0.1", 9));
    EXPECT_THAT(dns->poll(), SizeIs(3));
}

TEST_F(Dns, LeavesOutItselfIfItAnnouncesAName) {
    FakeDns server(services);
    const auto dns = made({{"srv", text("_u._tcp.test")}}, server);
    dns->announce(self("N2.test", 7402));
    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401 [fd00::1]:7401"));
    EXPECT_THAT(server.take_asked(),
                testing::UnorderedElementsAre("_u._tcp.test SRV", "n1.test A", "n1.test AAAA",
                                              "n2.test A", "n2.test AAAA"))
        << "each question once";

    server.play([](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (query.type == kA) response.a(query.name, "10.0.0.1");
        if (query.type == kA && query.name == "u.test") response.a(query.name, "10.0.0.2");
        return {response.bytes()};
    });
    const auto by_host = made({{"host", text("u.test")}}, server);
    by_host->announce(self("n1.test"));
    EXPECT_THAT(shown(by_host->poll()), ElementsAre("10.0.0.2:7401"));
}

// ---- TTL ----------------------------------------------------------------------------------------

TEST_F(Dns, AsksAgainWhenTheTtlIsOver) {
    FakeDns server(same({{kA, "10.0.0.1"}}, 1));
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    const auto begun = Clock::now();
    (void)dns->poll();
    server.play(same({{kA, "10.0.0.2"}}, 1));

    EXPECT_TRUE(eventually(
        [&] { return shown(dns->poll()) == std::vector<std::string>{"10.0.0.2:7401"}; }));

    EXPECT_GE(Clock::now() - begun, 1s);
    EXPECT_LE(server.take_asked().size(), 3U);
}

TEST_F(Dns, KeepsTtlsBetweenItsBounds) {
    FakeDns server(same({{kA, "10.0.0.1"}}, 0));
    const auto often = made({{"host", text("u.test")}, {"min_ttl", text("1h")}}, server);
    for (int i = 0; i < 50; ++i) EXPECT_THAT(often->poll(), SizeIs(1));
    EXPECT_THAT(server.take_asked(), SizeIs(2));

    server.play(same({{kA, "10.0.0.1"}}, 100'000));
    const auto long_ones = made(
        {{"host", text("u.test")}, {"min_ttl", text("0ms")}, {"max_ttl", text("0ms")}}, server);
    for (int i = 0; i < 3; ++i) EXPECT_THAT(long_ones->poll(), SizeIs(1));
    EXPECT_THAT(server.take_asked(), SizeIs(6));
}

// A cluster that starts must not wait for the TTL of an answer that came too early.
TEST_F(Dns, AsksAgainSoonWhileItIsAlone) {
    FakeDns server(same({{kA, "10.0.0.1"}}, 600));
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    dns->announce(self("10.0.0.1"));
    EXPECT_THAT(dns->poll(), IsEmpty());
    EXPECT_THAT(lines_, IsEmpty());
    server.play(same({{kA, "10.0.0.1"}, {kA, "10.0.0.2"}}, 600));

    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.2:7401"));
    (void)server.take_asked();
    EXPECT_THAT(dns->poll(), SizeIs(1));
    EXPECT_THAT(server.take_asked(), IsEmpty());
}

TEST_F(Dns, ReturnsTheSameWhileTheOrderOfTheAnswersChanges) {
    int turn = 0;
    FakeDns server([&](const Query& query) -> FakeDns::Answers {
        Response response(query);
        for (int i = 0; i < 3; ++i) {
            if (query.type == kA) {
                response.a(query.name, "10.0.0." + std::to_string((turn + i) % 3 + 1));
            }
        }
        ++turn;
        return {response.bytes()};
    });
    const auto dns = made({{"host", text("u.test")}}, server);
    const auto first = dns->poll();
    ASSERT_THAT(first, SizeIs(3));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(dns->poll(), first);
}

// ---- options ------------------------------------------------------------------------------------

std::string refusal(OptionMap options) {
    return fault([&] { (void)make("dns", std::move(options)); });
}

TEST(DnsOptions, NamesEveryFault) {
    EXPECT_THAT(refusal({}), HasSubstr("discovery[0].host is missing, but required; give host, "));
    EXPECT_THAT(refusal({{"host", text("u.test")}, {"srv", text("_u._tcp.test")}}),
                HasSubstr("discovery[0].srv is given together with host"));
    EXPECT_THAT(refusal({{"srv", text("_u._tcp.test")}, {"port", text("7401")}}),
                HasSubstr("discovery[0].port is given together with srv"));
    EXPECT_THAT(refusal({{"host", text("10.0.0.1")}}), HasSubstr("addresses are for static_list"));
    EXPECT_THAT(refusal({{"host", text("a b")}}),
                HasSubstr("a fully qualified name, as in electiond."));
    EXPECT_THAT(refusal({{"host", text("u.test")},
                         {"port", text("0")},
                         {"family", text("v4")},
                         {"servers", list({"ns.test", "10.0.0.1", "10.0.0.1:53"})},
                         {"timeout", text("5s")},
                         {"min_ttl", text("2h")},
                         {"max_ttl", text("25h")}}),
                AllOf(HasSubstr("port is \"0\""), HasSubstr("family is \"v4\""),
                      HasSubstr("servers holds \"ns.test\", but must hold IP addresses"),
                      HasSubstr("servers holds \"10.0.0.1:53\" a second time"),
                      HasSubstr("timeout is \"5s\", but must be 100ms to 4s"),
                      HasSubstr("min_ttl is \"2h\""), HasSubstr("max_ttl is \"25h\"")));
    EXPECT_THAT(refusal({{"host", text("u.test")}, {"servers", list({})}}),
                HasSubstr("servers is a list of 0, but must be a list of 1 to 8 IP addresses"));
    EXPECT_THAT(refusal({{"host", text("u.test")}, {"servers", list({"[fe80::1]:53"})}}),
                HasSubstr("servers holds \"[fe80::1]:53\", which is link-local"));
    EXPECT_THAT(
        refusal({{"host", text("u.test")}, {"min_ttl", text("5m")}, {"max_ttl", text("1m")}}),
        HasSubstr("max_ttl is \"1m\", but must be min_ttl to 24h"));
}

TEST(DnsOptions, TakesServersInEveryForm) {
    for (const auto* server : {"10.0.0.1", "10.0.0.1:5353", "::1", "[::1]", "[::1]:53"}) {
        EXPECT_EQ(refusal({{"host", text("u.test")}, {"servers", list({server})}}), "") << server;
    }
}

// ---- check --------------------------------------------------------------------------------------

TEST(DnsCheck, ComparesThePorts) {
    const discovery::DnsSettings settings{
        .host = "u.test", .port = 7401, .client = {.servers = {{"127.0.0.1", 53}}}};
    EXPECT_THAT(check_dns(settings, self("10.0.0.1")), IsEmpty());
    EXPECT_THAT(check_dns(settings, Peer{}), IsEmpty());
    const auto findings = check_dns(settings, self("10.0.0.1", 7402));
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].weight, Finding::Weight::warning);
    EXPECT_THAT(findings[0].text, HasSubstr("is 7401, but this node announces 10.0.0.1:7402"));
}

TEST(DnsCheck, ReadsResolvConf) {
    const Folder folder;
    const auto file = folder / "resolv.conf";
    const discovery::DnsSettings settings{.host = "u.test", .port = 7401};
    const auto check = [&] { return check_dns(settings, self("10.0.0.1"), file); };

    ASSERT_THAT(check(), SizeIs(1));
    EXPECT_THAT(check()[0].text, HasSubstr("resolv.conf cannot be read: No such file"));
    write(file, "# nameserver 10.0.0.1\nsearch test\nnameserver\n");
    ASSERT_THAT(check(), SizeIs(1));
    EXPECT_THAT(check()[0].text, HasSubstr("names no server"));
    write(file, "search test\n  nameserver 10.0.0.1\n");
    EXPECT_THAT(check(), IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
