// The discovery `dns` whose server knows no node, is wrong about one, fails, is slow or silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "discovery/dns_scene.h"

namespace electiond::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

}  // namespace
}  // namespace electiond::bench
