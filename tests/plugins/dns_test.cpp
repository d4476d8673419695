// The discovery `dns` with dnsmasq, and with a fake server that is wrong, slow or silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stop_token>
#include <thread>

#include "../support/dnsmasq.h"
#include "discovery/discovery_bench.h"
#include "discovery/fake_dns.h"
#include "dns/check.h"

namespace electiond::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> shown(const std::vector<Peer>& peers) {
    std::vector<std::string> texts;
    for (const auto& peer : peers) {
        EXPECT_TRUE(peer.id.empty());
        EXPECT_FALSE(peer.uuid);
        std::string text;
        for (const auto& address : peer.addresses) {
            text += (text.empty() ? "" : " ") + address.to_string();
        }
        texts.push_back(text);
    }
    return texts;
}

Peer self(const std::string& host, std::uint16_t port = 7401) {
    auto peer = node("1", 1);
    peer.addresses = {{host, port}};
    return peer;
}

// One instance with a server of its own; by default each poll asks again.
class Dns : public testing::Test {
  protected:
    // `more` replaces the options given here.
    [[nodiscard]] std::unique_ptr<Discovery> made(OptionMap options,
                                                  const std::vector<std::string>& servers) {
        const auto add = [&](const std::string& key, const OptionValue& value) {
            if (std::ranges::find(options, key, &OptionEntry::key) == options.end()) {
                options.push_back({key, value, "node.yaml:3:1"});
            }
        };
        add("servers", list(servers));
        add("min_ttl", text("0ms"));
        add("timeout", text("4s"));
        return make("dns", options, "demo", "/", Log([this](LogLine line) {
                        if (line.level != LogLevel::debug) lines_.push_back(line.to_string());
                    }));
    }
    [[nodiscard]] std::unique_ptr<Discovery> made(OptionMap options, const FakeDns& server) {
        return made(std::move(options), {server.address()});
    }

    std::vector<std::string> lines_;
};

std::string failure(Discovery& dns) {
    return fault([&] { (void)dns.poll(); });
}

FakeDns::Script same(std::vector<std::pair<std::uint16_t, std::string>> records,
                     std::uint32_t ttl = 0) {
    return [records = std::move(records), ttl](const Query& query) -> FakeDns::Answers {
        Response response(query);
        for (const auto& [type, data] : records) {
            if (type != query.type) continue;
            if (type == kA) response.a(query.name, data, ttl);
            if (type == kAaaa) response.aaaa(query.name, data, ttl);
        }
        return {response.bytes()};
    };
}

FakeDns::Answers silent(const Query&) { return {}; }

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

FakeDns::Answers services(const Query& query) {
    Response response(query);
    if (query.type == kSrv) {
        response.srv(query.name, "n2.test", 7402).srv(query.name, "n1.test", 7401);
    } else if (query.type == kA) {
        response.a(query.name, query.name == "n1.test" ? "10.0.0.1" : "10.0.0.2");
    } else if (query.name == "n1.test") {
        response.aaaa(query.name, "fd00::1");
    }
    return {response.bytes()};
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

// ---- no node, or unknown ------------------------------------------------------------------------

TEST_F(Dns, ReturnsNoNodeForNxdomainAndNoData) {
    FakeDns server(
        [](const Query& query) -> FakeDns::Answers { return {Response(query).code(3).bytes()}; });
    const auto dns = made({{"host", text("u.test")}}, server);
    for (int i = 0; i < 20; ++i) EXPECT_THAT(dns->poll(), IsEmpty());
    EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("finds no node: u.test does not exist "),
                                          HasSubstr("NXDOMAIN"), HasSubstr("the key host"))));

    lines_.clear();
    server.play(same({}));
    const auto by_service = made({{"srv", text("_u._tcp.test")}}, server);
    EXPECT_THAT(by_service->poll(), IsEmpty());
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("_u._tcp.test has no usable record")));
}

TEST_F(Dns, NamesTheServerThatDoesNotKnow) {
    FakeDns server(silent);
    const auto hasty = made({{"host", text("u.test")}, {"timeout", text("300ms")}}, server);
    const auto begun = Clock::now();
    EXPECT_THAT(failure(*hasty), AllOf(HasSubstr("cannot look up u.test A: " + server.address() +
                                                 " did not answer within "),
                                       HasSubstr("the keys servers and host")));
    EXPECT_LT(Clock::now() - begun, 3s);

    const auto dns = made({{"host", text("u.test")}}, server);
    const std::vector<std::pair<int, std::string>> codes = {
        {1, "FORMERR"}, {2, "SERVFAIL"}, {4, "NOTIMP"}, {5, "REFUSED"}, {9, "with code 9"}};
    for (const auto& [code, name] : codes) {
        server.play([code = code](const Query& query) -> FakeDns::Answers {
            return {Response(query).code(code).bytes()};
        });
        EXPECT_THAT(failure(*dns), HasSubstr(server.address() + " answered " + name));
    }
    const DeadPort nobody;
    const auto refused = made({{"host", text("u.test")}}, {nobody.address()});
    EXPECT_THAT(failure(*refused),
                HasSubstr(nobody.address() + " cannot be reached (Connection refused)"));
    EXPECT_THAT(lines_, IsEmpty());
}

// Each datagram makes the next one fail: none of the questions may wait for its timeout.
TEST_F(Dns, FailsAtOnceIfNoServerListens) {
    const DeadPort nobody;
    const auto dns = made({{"host", text("u.test")}}, {nobody.address()});
    auto many = self("n1.test");
    for (int i = 2; i < 6; ++i) many.addresses.push_back({"n" + std::to_string(i) + ".test", 7401});
    dns->announce(many);
    const auto begun = Clock::now();
    EXPECT_THAT(failure(*dns), HasSubstr("cannot be reached (Connection refused)"));
    EXPECT_LT(Clock::now() - begun, 1s);
}

TEST_F(Dns, WorksAgainAfterAFailure) {
    FakeDns server(same({{kA, "10.0.0.1"}}));
    const auto dns = made({{"host", text("u.test")}}, server);
    const auto good = dns->poll();
    server.play(
        [](const Query& query) -> FakeDns::Answers { return {Response(query).code(2).bytes()}; });
    EXPECT_THAT(failure(*dns), HasSubstr("SERVFAIL"));
    server.play(same({{kA, "10.0.0.1"}}));
    EXPECT_EQ(dns->poll(), good);
}

// A resolver may know that there is no AAAA, but not whether there is an A: that is not "no node".
TEST_F(Dns, DoesNotTakeAnIncompleteAnswerForNoNode) {
    FakeDns server(same({{kA, "10.0.0.1"}}));
    const auto dns = made({{"host", text("u.test")}}, server);
    EXPECT_THAT(dns->poll(), SizeIs(1));
    server.play([](const Query& query) -> FakeDns::Answers {
        return {Response(query).code(query.type == kA ? 2 : 0).bytes()};
    });

    EXPECT_THAT(failure(*dns), HasSubstr("u.test A: " + server.address() + " answered SERVFAIL"));
}

TEST_F(Dns, UsesOlderAnswersForAQuestionThatFails) {
    FakeDns server(services);
    const auto dns = made({{"srv", text("_u._tcp.test")}}, server);
    const auto before = shown(dns->poll());
    server.play([](const Query& query) -> FakeDns::Answers {
        if (query.name == "n2.test") return {Response(query).code(2).bytes()};
        if (query.type == kA && query.name == "n1.test") {
            return {Response(query).a(query.name, "10.0.0.9").bytes()};
        }
        return services(query);
    });

    for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(shown(dns->poll()),
                    ElementsAre("10.0.0.9:7401 [fd00::1]:7401", "10.0.0.2:7402"));
    }
    EXPECT_THAT(lines_,
                ElementsAre(AllOf(HasSubstr("has only old addresses, or none, for some nodes"),
                                  HasSubstr("n2.test A: " + server.address()))));
}

TEST_F(Dns, AsksTheNextServer) {
    FakeDns good(same({{kA, "10.0.0.1"}}));
    FakeDns bad(
        [](const Query& query) -> FakeDns::Answers { return {Response(query).code(5).bytes()}; });
    const DeadPort nobody;
    const auto dns =
        made({{"host", text("u.test")}}, {nobody.address(), bad.address(), good.address()});

    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401"));
    EXPECT_THAT(bad.take_asked(), SizeIs(2));
    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401"));
    EXPECT_THAT(bad.take_asked(), IsEmpty()) << "the one that answered is asked first";

    good.play(silent);
    EXPECT_THAT(failure(*dns), AllOf(HasSubstr(good.address() + " did not answer within"),
                                     HasSubstr(", " + nobody.address() + " cannot be reached"),
                                     HasSubstr(", " + bad.address() + " answered REFUSED")));
}

// ---- slow ---------------------------------------------------------------------------------------

TEST_F(Dns, TakesAnAnswerThatComesLate) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        std::this_thread::sleep_for(150ms);
        return {Response(query).a(query.name, "10.0.0.1").bytes()};
    });
    const auto dns =
        made({{"host", text("u.test")}, {"family", text("ipv4")}, {"timeout", text("4s")}}, server);
    EXPECT_THAT(dns->poll(), SizeIs(1));
}

TEST_F(Dns, AsksAgainIfADatagramIsLost) {
    int count = 0;
    FakeDns server([&](const Query& query) -> FakeDns::Answers {
        if (++count == 1) return {};
        return {Response(query).a(query.name, "10.0.0.1").bytes()};
    });
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    EXPECT_THAT(dns->poll(), SizeIs(1));
}

TEST_F(Dns, EndsSoonIfAStopIsRequested) {
    FakeDns server(silent);
    for (const auto* tcp : {"false", "true"}) {
        const auto dns =
            made({{"host", text("u.test")}, {"timeout", text("4s")}, {"tcp", text(tcp)}}, server);
        std::stop_source stop;
        std::jthread later([&] {
            std::this_thread::sleep_for(100ms);
            stop.request_stop();
        });
        const auto begun = Clock::now();
        EXPECT_THAT(fault([&] { (void)dns->poll(stop.get_token()); }), HasSubstr("stopped"));
        EXPECT_LT(Clock::now() - begun, 2s);  // 0.5 s is for the kit, which is alone
    }
}

// ---- truncated, TCP -----------------------------------------------------------------------------

FakeDns::Answers many(const Query& query) {
    Response response(query);
    if (!query.tcp) return {response.flags(0, 0x0200).bytes()};
    for (int i = 1; i <= 100 && query.type == kA; ++i) {
        response.a(query.name, "10.0.0." + std::to_string(i));
    }
    return {response.bytes()};
}

TEST_F(Dns, AsksByTcpIfAnAnswerIsTruncated) {
    FakeDns server(many);
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    EXPECT_THAT(dns->poll(), SizeIs(100));
    EXPECT_THAT(server.take_asked(), ElementsAre("u.test A", "u.test A tcp"));

    const auto at_once =
        made({{"host", text("u.test")}, {"family", text("ipv4")}, {"tcp", text("true")}}, server);
    EXPECT_THAT(at_once->poll(), SizeIs(100));
    EXPECT_THAT(server.take_asked(), ElementsAre("u.test A tcp"));
}

TEST_F(Dns, FailsIfAnAnswerIsAlsoTruncatedByTcp) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        return {Response(query).flags(0, 0x0200).a(query.name, "10.0.0.1").bytes()};
    });
    const auto dns = made({{"host", text("u.test")}}, server);
    EXPECT_THAT(failure(*dns), HasSubstr("truncated its answer, also by TCP"));
}

TEST_F(Dns, FailsIfTcpIsSilentOrEndsEarly) {
    for (const auto& by_tcp : {FakeDns::Answers{}, FakeDns::Answers{""}}) {
        FakeDns server([&](const Query& query) -> FakeDns::Answers {
            if (query.tcp) return by_tcp;
            return {Response(query).flags(0, 0x0200).bytes()};
        });
        const auto dns = made({{"host", text("u.test")}, {"timeout", text("1s")}}, server);
        EXPECT_THAT(failure(*dns), AnyOf(HasSubstr(server.address() + " did not answer within"),
                                         HasSubstr(server.address() + " cannot be ")));
        EXPECT_THAT(server.take_asked(), Contains(HasSubstr(" tcp")));
    }
}

// ---- false answers ------------------------------------------------------------------------------

TEST_F(Dns, WaitsForTheRightAnswerBehindWrongOnes) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        const auto id =
            static_cast<std::uint16_t>(static_cast<unsigned char>(query.message[0]) << 8 |
                                       static_cast<unsigned char>(query.message[1]));
        return {
            Response(query)
                .id(static_cast<std::uint16_t>(id + 1))
                .a(query.name, "10.6.6.6")
                .bytes(),
            Response(query).question("other.test", query.type).a("other.test", "10.6.6.6").bytes(),
            Response(query).question(query.name, 16).a(query.name, "10.6.6.6").bytes(),
            std::string("x"), Response(query).a(query.name, "10.0.0.1").bytes()};
    });
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401"));
}

TEST_F(Dns, BelievesNoRecordsOfOtherNames) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        return {Response(query).a("other.test", "10.6.6.6").bytes()};
    });
    EXPECT_THAT(made({{"host", text("u.test")}}, server)->poll(), IsEmpty());
}

TEST_F(Dns, RefusesMalformedAnswers) {
    const std::vector<std::string> tails = {
        std::string("\xc0\xff\0\1\0\1\0\0\0\0\0\4abcd", 16),  // a name that points past the end
        std::string("\xc0\x18\0\1\0\1\0\0\0\0\0\4abcd", 16),  // … to itself
        std::string("\x3fz", 2), std::string("\xc0\x0c\0\1\0\1\0\0\0\0\xff\xff", 12)};
    for (const auto& tail : tails) {
        FakeDns server([&](const Query& query) -> FakeDns::Answers {
            auto bytes = Response(query).bytes() + tail;
            bytes[7] = 1;
            return {bytes};
        });
        const auto dns = made({{"host", text("u.test")}}, server);
        EXPECT_THAT(failure(*dns), HasSubstr("sent a malformed answer"));
    }
}

TEST_F(Dns, RefusesAnEchoOfItsQuestion) {
    FakeDns server([](const Query& query) -> FakeDns::Answers { return {query.message}; });
    EXPECT_THAT(failure(*made({{"host", text("u.test")}}, server)),
                HasSubstr("sent a query instead of an answer"));
}

TEST_F(Dns, RefusesTooManyRecords) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (!query.tcp) return {response.flags(0, 0x0200).bytes()};
        for (int i = 0; i < 1000; ++i) {
            response.a(query.name,
                       "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250));
        }
        return {response.bytes()};
    });
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    EXPECT_THAT(failure(*dns), HasSubstr("returned more than 256 records"));
}

TEST_F(Dns, NamesATargetThatIsNoHost) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (query.type == kSrv) {
            response.srv(query.name, "a b.test", 1).srv(query.name, "n1.test", 7401);
        } else if (query.type == kA) {
            response.a(query.name, "10.0.0.1");
        }
        return {response.bytes()};
    });
    EXPECT_THAT(shown(made({{"srv", text("_u._tcp.test")}}, server)->poll()),
                ElementsAre("10.0.0.1:7401"));
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("a record has the target \"a b.test\"")));
}

TEST_F(Dns, LooksUpHundredsOfTargets) {
    FakeDns server([](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (query.type == kSrv && !query.tcp) return {response.flags(0, 0x0200).bytes()};
        if (query.type == kSrv) {
            for (int i = 0; i < 200; ++i) {
                response.srv(query.name, "n" + std::to_string(i) + ".test", 7401);
            }
        } else if (query.type == kA) {
            response.a(query.name, "10.0.1." + query.name.substr(1, query.name.find('.') - 1));
        }
        return {response.bytes()};
    });
    EXPECT_THAT(made({{"srv", text("_u._tcp.test")}}, server)->poll(), SizeIs(200));
}

TEST_F(Dns, FollowsFlappingAnswersWithoutALine) {
    int count = 0;
    FakeDns server([&](const Query& query) -> FakeDns::Answers {
        Response response(query);
        if (query.type == kA) response.a(query.name, ++count % 2 == 0 ? "10.0.0.1" : "10.0.0.2");
        return {response.bytes()};
    });
    const auto dns = made({{"host", text("u.test")}, {"family", text("ipv4")}}, server);
    for (int i = 0; i < 10; ++i) {
        EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.2:7401"));
        EXPECT_THAT(shown(dns->poll()), ElementsAre("10.0.0.1:7401"));
    }
    server.play([&](const Query& query) -> FakeDns::Answers {
        Response response(query);
        return {(++count % 2 == 0 ? response.code(3) : response.a(query.name, "10.0.0.1")).bytes()};
    });
    for (int i = 0; i < 20; ++i) (void)dns->poll();
    EXPECT_THAT(lines_, SizeIs(1));
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

// ---- dnsmasq ------------------------------------------------------------------------------------

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
