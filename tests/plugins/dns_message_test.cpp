// Parses the answers of a DNS server byte by byte: right ones, wrong ones, and random bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "discovery/fake_dns.h"
#include "dns/message.h"

namespace electiond::discovery {
namespace {

using bench::encode_name;
using bench::kA;
using bench::kAaaa;
using bench::kCname;
using bench::kNs;
using bench::kSoa;
using bench::kSrv;
using bench::Query;
using bench::Response;
using bench::two_bytes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Query query(const Question& question) {
    const auto type = static_cast<std::uint16_t>(question.type);
    return {.message = std::string("\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0", 12) +
                       encode_name(question.name) + two_bytes(type) + two_bytes(1),
            .name = question.name,
            .type = type};
}

Answer answer(const std::string& bytes, const Question& question) {
    return read_answer({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                       question);
}

const Question kHostA{"u.test", RecordType::a};
const Question kHostAaaa{"u.test", RecordType::aaaa};
const Question kService{"_u._tcp.test", RecordType::srv};

Records records(const Response& response, const Question& question = kHostA) {
    const auto read = answer(response.bytes(), question);
    EXPECT_TRUE(read.records) << read.fault;
    return read.records.value_or(Records{});
}

std::string fault(const Response& response, const Question& question = kHostA) {
    const auto read = answer(response.bytes(), question);
    EXPECT_FALSE(read.records);
    return read.fault;
}

TEST(DnsMessage, SortsAddressesAndHasTheShortestTtl) {
    Response response(query(kHostA));
    response.a("u.test", "10.0.0.9", 60).a("u.test", "10.0.0.1", 20).a("U.TEST", "10.0.0.9", 30);

    const auto read = records(response);

    EXPECT_THAT(read.addresses, ElementsAre("10.0.0.1", "10.0.0.9"));
    EXPECT_EQ(read.ttl, seconds(20));
    EXPECT_TRUE(read.name_exists);
}

TEST(DnsMessage, HasIpv6Addresses) {
    Response response(query(kHostAaaa));
    response.aaaa("u.test", "fd00::2").aaaa("u.test", "fd00:0:0::1");

    EXPECT_THAT(records(response, kHostAaaa).addresses, ElementsAre("fd00::1", "fd00::2"));
}

TEST(DnsMessage, HasServices) {
    Response response(query(kService));
    response.srv("_u._tcp.test", "N2.test", 7402, 7)
        .srv("_u._tcp.test", "n1.test", 7401, 9)
        .srv("_u._tcp.test", "", 7403)       // ".": decidedly not available
        .srv("_u._tcp.test", "n3.test", 0);  // no port

    const auto read = records(response, kService);

    EXPECT_THAT(read.services, ElementsAre(Service{"n1.test", 7401}, Service{"n2.test", 7402}));
    EXPECT_EQ(read.ttl, seconds(0));
}

TEST(DnsMessage, FollowsAliases) {
    Response response(query(kHostA));
    response.a("b.test", "10.0.0.1", 60).cname("a.test", "b.test", 5).cname("u.test", "a.test", 50);

    const auto read = records(response);

    EXPECT_THAT(read.addresses, ElementsAre("10.0.0.1"));
    EXPECT_EQ(read.ttl, seconds(5));
}

TEST(DnsMessage, TakesOnlyRecordsOfTheNameThatWasAskedFor) {
    Response response(query(kHostA));
    response.a("other.test", "10.0.0.66").a("u.test", "10.0.0.1").aaaa("u.test", "fd00::1");

    EXPECT_THAT(records(response).addresses, ElementsAre("10.0.0.1"));
}

TEST(DnsMessage, LeavesOutAddressesOfNoHost) {
    Response response(query(kHostA));
    response.a("u.test", "0.0.0.0").a("u.test", "224.0.0.1").a("u.test", "255.255.255.255");
    EXPECT_TRUE(records(response).empty());
    Response six(query(kHostAaaa));
    six.aaaa("u.test", "::").aaaa("u.test", "ff02::1").aaaa("u.test", "fe80::1");
    six.aaaa("u.test", "::ffff:10.0.0.1");
    EXPECT_TRUE(records(six, kHostAaaa).empty());
}

TEST(DnsMessage, DistinguishesNoRecordFromAnError) {
    const auto none = records(Response(query(kHostA)));
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(none.name_exists);
    EXPECT_FALSE(records(Response(query(kHostA)).code(3)).name_exists);

    EXPECT_EQ(fault(Response(query(kHostA)).code(1)), "answered FORMERR");
    EXPECT_EQ(fault(Response(query(kHostA)).code(2)), "answered SERVFAIL");
    EXPECT_EQ(fault(Response(query(kHostA)).code(4)), "answered NOTIMP");
    EXPECT_EQ(fault(Response(query(kHostA)).code(5)), "answered REFUSED");
    EXPECT_EQ(fault(Response(query(kHostA)).code(9)), "answered with code 9");
}

// Neither a referral to other servers nor an echo of the query is an answer.
TEST(DnsMessage, DistinguishesNoRecordFromAServerThatDoesNotKnow) {
    EXPECT_THAT(fault(Response(query(kHostA)).flags(0x0080, 0)),
                HasSubstr("has no data for this name"));
    EXPECT_TRUE(records(Response(query(kHostA)).flags(0x0080, 0x0400)).empty());
    EXPECT_THAT(fault(Response(query(kHostA)).flags(0x8000, 0)), HasSubstr("a query instead"));
    Response alias(query(kHostA));
    alias.flags(0x0080, 0x0400).cname("u.test", "far.example");
    EXPECT_THAT(fault(alias), HasSubstr("only with the alias far.example (CNAME)"));
}

// A referral names the servers of the zone, and where they are.
TEST(DnsMessage, TellsAReferralFromNoRecord) {
    Response referral(query(kHostA));
    referral.flags(0x0080, 0).authority("test", kNs, encode_name("ns.test"));
    referral.additional("ns.test", kA, "abcd");
    EXPECT_THAT(fault(referral), HasSubstr("has no data"));

    Response none(query(kHostA));
    none.flags(0x0080, 0).authority("Test", kSoa, "of no interest");
    EXPECT_TRUE(records(none).empty());
}

// An authoritative server proves for a target in its own zone that there is no such record.
TEST(DnsMessage, TakesAnAliasWithoutARecordForNoRecordInAZoneOfTheServer) {
    const auto alias_of = [](const std::string& target, const std::string& zone) {
        Response response(query(kHostA));
        response.flags(0x0080, 0x0400).cname("u.test", target);
        return response.authority(zone, kSoa, "of no interest");
    };
    EXPECT_TRUE(records(alias_of("v.test", "test")).empty());
    EXPECT_TRUE(records(alias_of("v.test", "v.test")).empty());
    EXPECT_THAT(fault(alias_of("v.far.example", "test")), HasSubstr("only with the alias"));
    EXPECT_THAT(fault(alias_of("v.latest", "test")), HasSubstr("only with the alias"));
}

TEST(DnsMessage, RefusesATruncatedAnswer) {
    Response response(query(kHostA));
    response.flags(0, 0x0200).a("u.test", "10.0.0.1");
    EXPECT_EQ(fault(response), "truncated its answer, also by TCP");
}

TEST(DnsMessage, RefusesLoops) {
    // A name that points to itself, and two that point to each other.
    const auto begin = query(kHostA).message.size();
    const auto pointer = [](std::size_t to) {
        return two_bytes(static_cast<std::uint16_t>(0xc000 | to));
    };
    EXPECT_EQ(fault(Response(query(kHostA)).record(pointer(begin), kA, 0, "abcd")),
              "sent a malformed answer");
    EXPECT_EQ(
        fault(Response(query(kHostA)).record(pointer(begin + 2) + pointer(begin), kA, 0, "abcd")),
        "sent a malformed answer");
    Response aliases(query(kHostA));
    aliases.cname("u.test", "v.test").cname("v.test", "u.test");
    EXPECT_THAT(fault(aliases), HasSubstr("aliases (CNAME) in a row"));
}

TEST(DnsMessage, TakesCompressedNames) {
    Response response(query(kHostA));
    response.record("\xc0\x0c", kA, 0, "abcd");
    EXPECT_THAT(records(response).addresses, ElementsAre("97.98.99.100"));
}

TEST(DnsMessage, RefusesRecordsOfAWrongSize) {
    EXPECT_EQ(fault(Response(query(kHostA)).record("\xc0\x0c", kA, 0, "abc")),
              "sent a malformed answer");
    EXPECT_EQ(fault(Response(query(kHostAaaa)).record("\xc0\x0c", kAaaa, 0, "abcd"), kHostAaaa),
              "sent a malformed answer");
    const auto longer = std::string(6, '\0') + encode_name("n1.test") + "x";
    EXPECT_EQ(fault(Response(query(kService)).record("\xc0\x0c", kSrv, 0, longer), kService),
              "sent a malformed answer");
    EXPECT_EQ(fault(Response(query(kHostA)).record("\xc0\x0c", kCname, 0, longer.substr(6))),
              "sent a malformed answer");
    // More records than there are.
    Response none(query(kHostA));
    auto bytes = none.bytes();
    bytes[7] = 1;
    EXPECT_EQ(answer(bytes, kHostA).fault, "sent a malformed answer");
    bytes = Response(query(kHostA)).flags(0x0080, 0).bytes();
    bytes[9] = 1;
    EXPECT_EQ(answer(bytes, kHostA).fault, "sent a malformed answer");
}

TEST(DnsMessage, RefusesMoreRecordsThanAClusterHasNodes) {
    Response response(query(kHostA));
    for (std::size_t i = 0; i < kRecordsMax; ++i) {
        response.a("u.test", "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
    }
    EXPECT_EQ(records(response).addresses.size(), kRecordsMax);
    response.a("u.test", "10.1.0.0");
    EXPECT_THAT(fault(response), HasSubstr("more than 256 records"));
}

TEST(DnsMessage, ReadsATtlWithItsHighestBitAsZero) {
    Response response(query(kHostA));
    response.a("u.test", "10.0.0.1", 0x80000001U);
    EXPECT_EQ(records(response).ttl, seconds(0));
}

// For any bytes it returns, either records or a fault, never both.
TEST(DnsMessage, TakesAnyBytes) {
    std::mt19937 random(19);
    const auto chance = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    const std::vector<Question> questions = {kHostA, kHostAaaa, kService};
    int answers = 0, faults = 0;
    for (int round = 0; round < 30'000; ++round) {
        const auto& question = questions[chance(questions.size())];
        Response response(query(question));
        response.cname("u.test", "a.test", 3).a("a.test", "10.0.0.1", 3).a("u.test", "10.0.0.2");
        response.aaaa("u.test", "fd00::1").srv("_u._tcp.test", "n1.test", 7, 1);
        auto bytes = response.bytes();
        for (auto changes = chance(4); changes > 0; --changes) {
            bytes[chance(bytes.size())] = static_cast<char>(chance(256));
        }
        if (chance(4) == 0) bytes.resize(chance(bytes.size()));
        const auto read = answer(bytes, question);
        EXPECT_EQ(read.records.has_value(), read.fault.empty());
        ++(read.records ? answers : faults);
        if (!read.records) continue;
        for (const auto& address : read.records->addresses) {
            EXPECT_EQ(canonical_address(address), address);
        }
    }
    EXPECT_GT(answers, 1000);
    EXPECT_GT(faults, 1000);
}

TEST(DnsName, IsWhatCanBeAskedFor) {
    for (const auto* right : {"u", "u.test", "u.test.", "_u._tcp.test", "a-b.1.test", "1.2.3"}) {
        EXPECT_TRUE(is_dns_name(right)) << right;
    }
    const std::string label(63, 'x');
    EXPECT_TRUE(is_dns_name(label + ".test"));
    for (const auto& wrong :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
          std::string("a b"), std::string("10.0.0.1"), std::string("::1"), std::string("ü.test"),
          label + "x.test", label + "." + label + "." + label + "." + label + ".test"}) {
        EXPECT_FALSE(is_dns_name(wrong)) << wrong;
    }
    EXPECT_EQ(normal_name("U.Test."), "u.test");
}

}  // namespace
}  // namespace electiond::discovery
