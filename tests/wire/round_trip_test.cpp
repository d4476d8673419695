// What was encoded is decoded to the very same, for messages of every kind.
#include <gtest/gtest.h>

#include "samples.h"
#include "wire/codec.h"

namespace electiond::wire {
namespace {

TEST(RoundTrip, KeepsEveryRequest) {
    Samples samples(1);
    for (int round = 0; round < 300; ++round) {
        for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
            const auto request = samples.request(kind);

            const auto text = encode(request);
            const auto decoded = decode_request(name_of(request.body), text);

            ASSERT_TRUE(std::holds_alternative<PeerRequest>(decoded)) << text;
            ASSERT_EQ(std::get<PeerRequest>(decoded), request) << text;
        }
    }
}

TEST(RoundTrip, KeepsEveryReply) {
    Samples samples(2);
    for (int round = 0; round < 300; ++round) {
        for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
            const auto reply = samples.reply(kind);

            const auto text = encode(reply);

            ASSERT_EQ(decode_reply(name_of(samples.request(kind).body), text), reply) << text;
        }
    }
}

TEST(RoundTrip, KeepsAStatusQueryWithoutSender) {
    const PeerRequest request{.body = StatusQuery{true}};

    const auto decoded = decode_request("status", encode(request));

    EXPECT_EQ(std::get<PeerRequest>(decoded), request);
}

TEST(RoundTrip, KeepsTheLongestListsOfNames) {
    PeerRequest request{.term = kNumberMax, .body = Heartbeat{}};
    request.from.uuid = NodeUuid(std::string(64, 'u'));
    auto& beat = std::get<Heartbeat>(request.body);
    beat.config.emplace();
    beat.succession.emplace();
    for (int i = 100; i < 164; ++i) {
        const NodeUuid uuid(std::to_string(i) + std::string(61, '"'));
        beat.config->voters.push_back({NodeId(std::string(64, 'i')), uuid});
        beat.config->banned.push_back(uuid);
        beat.succession->order.push_back(uuid);
        request.from.supersedes.push_back(uuid.value);
    }

    const auto text = encode(request);

    ASSERT_LT(text.size(), kBodyMax);
    EXPECT_EQ(std::get<PeerRequest>(decode_request("heartbeat", text)), request);
}

TEST(RoundTrip, LeavesOutTheMembersThatDoNotFit) {
    PeerRequest request{.body = Heartbeat{}};
    request.from.uuid = NodeUuid("u");
    auto& members = std::get<Heartbeat>(request.body).members.emplace();
    for (int i = 0; i < 1000; ++i) {
        auto& member = members.emplace_back();
        member.id = NodeId(std::to_string(i));
        member.uuid = NodeUuid(std::string(32, 'a'));
        member.addresses = {{"127.0.0.1", 4001}};
    }

    const auto text = encode(request);
    const auto decoded = std::get<PeerRequest>(decode_request("heartbeat", text));

    const auto& kept = *std::get<Heartbeat>(decoded.body).members;
    EXPECT_GT(kept.size(), 300U);
    EXPECT_GT(text.size(), kBodyMax - 300);
    EXPECT_TRUE(std::equal(kept.begin(), kept.end(), members.begin()));
}

TEST(RoundTrip, SaysNoLengthOfTimeBelowZero) {
    PeerReply reply{.body = StatusReply{}};
    reply.from.uuid = NodeUuid("u");
    std::get<StatusReply>(reply.body).lease_remaining = Milliseconds(-5);

    const auto decoded = decode_reply("status", encode(reply));

    EXPECT_EQ(std::get<StatusReply>(decoded.body).lease_remaining, Milliseconds(0));
}

}  // namespace
}  // namespace electiond::wire
