// The discovery `dns` and answers that are truncated, malformed, of another or too large.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "discovery/dns_scene.h"

namespace electiond::bench {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

}  // namespace
}  // namespace electiond::bench
