// A heartbeat is decoded without a parser if only its number is new, and never to anything else.
#include <gtest/gtest.h>

#include <future>

#include "samples.h"
#include "wire/codec.h"
#include "wire/recall.h"
#include "wire/seq_text.h"

namespace electiond::wire {
namespace {

using Acks = Recall<PeerReply, HeartbeatReply>;

constexpr std::size_t kHeartbeatKind = 2;

PeerReply ack_of(const std::string& uuid, std::uint64_t seq) {
    PeerReply reply{.term = 4, .request_term = 4, .body = HeartbeatReply{.seq = seq}};
    reply.from.cluster_id = "c";
    reply.from.uuid = NodeUuid(uuid);
    return reply;
}

// As a thread decodes it that has never decoded anything: nullopt if it is refused.
std::optional<PeerReply> decoded_afresh(const std::string& text) {
    return std::async(std::launch::async,
                      [&text]() -> std::optional<PeerReply> {
                          try {
                              return decode_reply("heartbeat", text);
                          } catch (const DecodeError&) {
                              return std::nullopt;
                          }
                      })
        .get();
}

std::optional<PeerReply> decoded(const std::string& text) {
    try {
        return decode_reply("heartbeat", text);
    } catch (const DecodeError&) {
        return std::nullopt;
    }
}

// `text` has been decoded; then `next`, of which a careless memory would say what `text` says.
void expect_no_mistake(const std::string& text, const std::string& next) {
    (void)decoded(text);
    (void)decoded(text);
    EXPECT_EQ(decoded(next), decoded_afresh(next)) << text << "\n" << next;
}

TEST(Recall, FindsTheNextAcksOfSeveralFollowers) {
    Acks acks;
    for (const auto* uuid : {"a", "b", "c"}) {
        const auto ack = ack_of(uuid, 9);
        EXPECT_EQ(acks.find(encode(ack)), nullptr);
        acks.keep(encode(ack), ack);
    }

    for (const std::uint64_t seq : {9ULL, 10ULL, 11ULL, 0ULL, 1000ULL, 7ULL}) {
        for (const auto* uuid : {"b", "c", "a"}) {
            const auto ack = ack_of(uuid, seq);
            const auto* found = acks.find(encode(ack));
            ASSERT_NE(found, nullptr) << uuid << " " << seq;
            EXPECT_EQ(*found, ack);
        }
    }
}

TEST(Recall, FindsNothingIfAnythingElseIsNew) {
    Acks acks;
    const auto ack = ack_of("a", 9);
    acks.keep(encode(ack), ack);

    auto later = ack_of("a", 10);
    later.term = 5;
    EXPECT_EQ(acks.find(encode(later)), nullptr);
    auto other = ack_of("a", 10);
    std::get<HeartbeatReply>(other.body).cooling = true;
    EXPECT_EQ(acks.find(encode(other)), nullptr);
    EXPECT_EQ(acks.find(encode(ack_of("b", 10))), nullptr);
    EXPECT_EQ(acks.find(""), nullptr);
}

TEST(Recall, KeepsTheNewestOfEachSender) {
    Acks acks;
    auto ack = ack_of("a", 9);
    acks.keep(encode(ack), ack);
    ack.term = 5;
    acks.keep(encode(ack), ack);

    EXPECT_EQ(acks.find(encode(ack_of("a", 10))), nullptr) << "of the term before";
    EXPECT_NE(acks.find(encode(ack)), nullptr);
}

TEST(Recall, ForgetsTheOldestOfVeryMany) {
    Acks acks;
    for (int n = 0; n < 129; ++n) {
        const auto ack = ack_of(std::to_string(n), 1);
        acks.keep(encode(ack), ack);
    }

    EXPECT_EQ(acks.find(encode(ack_of("0", 2))), nullptr);
    EXPECT_NE(acks.find(encode(ack_of("1", 2))), nullptr);
    EXPECT_NE(acks.find(encode(ack_of("128", 2))), nullptr);
}

TEST(Recall, IsNotMisledByAnotherNumberOfThatName) {
    const std::string head = R"({"v":1,"clusterId":"c","from":"a","term":4,"accepted":true,)";
    const struct {
        std::string text, next;
    } kCases[] = {
        // the last of two counts
        {R"("seq":5,"seq":5})", R"("seq":6,"seq":5})"},
        {R"("seq":5,"seq" :5})", R"("seq":6,"seq" :5})"},
        {R"("seq":5,"s\u0065q":5})", R"("seq":6,"s\u0065q":5})"},
        // of another object
        {R"("x":{"a":1,"seq":5},"seq" :5})", R"("x":{"a":1,"seq":6},"seq" :5})"},
        {R"("x":{"seq":5},"s\u0065q":5})", R"("x":{"seq":6},"s\u0065q":5})"},
        // in a text
        {R"("api":"\"seq\":5","seq" :5})", R"("api":"\"seq\":6","seq" :5})"},
        // no number as JSON writes it, or too large a one
        {R"("seq":5})", R"("seq":05})"},
        {R"("seq":5})", R"("seq":})"},
        {R"("seq":5})", R"("seq":-5})"},
        {R"("seq":5})", R"("seq":+5})"},
        {R"("seq":5})", R"("seq": 5})"},
        {R"("seq":5})", R"("seq":5.0})"},
        {R"("seq":5})", R"("seq":5e1})"},
        {R"("seq":5})", R"("seq":"5"})"},
        {R"("seq":5})", R"("seq":5,"seq":7})"},
        {R"("seq":5})", R"("seq":9007199254740991})"},
        {R"("seq":5})", R"("seq":9007199254740992})"},
        {R"("seq":5})", R"("seq":18446744073709551616})"},
        {R"("seq":5})", R"("seq":55)"},
        {R"("seq":5})", R"("seq":5}})"},
        // the beginning and the end overlap
        {R"("seq":1,"x":1,"y":1})", R"("seq":1,"y":1})"},
        {R"("seq":5, "cooling":true})", R"("seq":6, "cooling":true})"},
        {R"("seq":5,"cooling":true})", R"("seq":6,"cooling":false})"},
    };
    for (const auto& each : kCases) expect_no_mistake(head + each.text, head + each.next);
}

TEST(Recall, DecodesEveryMutationAsAFreshThreadDoes) {
    Samples samples(7);
    int found = 0;
    for (int round = 0; round < 300; ++round) {
        auto reply = samples.reply(kHeartbeatKind);
        (void)decoded(encode(reply));
        std::get<HeartbeatReply>(reply.body).seq = samples.below(1000);
        auto text = encode(reply);
        EXPECT_EQ(decoded(text), reply);
        text[samples.below(text.size())] = "0123456789{}[]\",:\\"[samples.below(18)];
        const auto afresh = decoded_afresh(text);
        EXPECT_EQ(decoded(text), afresh) << text;
        if (afresh) ++found;
    }
    EXPECT_GT(found, 10) << "too few of them were messages";
}

TEST(Recall, DecodesRequestsAsAFreshThreadDoes) {
    Samples samples(8);
    for (int round = 0; round < 300; ++round) {
        auto request = samples.request(kHeartbeatKind);
        (void)decode_request("heartbeat", encode(request));
        std::get<Heartbeat>(request.body).seq = samples.below(1000);
        EXPECT_EQ(std::get<PeerRequest>(decode_request("heartbeat", encode(request))), request);
    }
}

// ---- the other direction: texts that are not encoded anew

TEST(SeqText, BecomesTheTextOfTheSameMessageWithAnotherNumber) {
    auto ack = ack_of("a", 9);
    SeqText text;
    text.keep(encode(ack), 9);

    for (const std::uint64_t seq : {10ULL, 9ULL, 0ULL, 1000ULL, ~0ULL, 7ULL}) {
        std::get<HeartbeatReply>(ack.body).seq = seq;
        ASSERT_TRUE(text.set(seq));
        EXPECT_EQ(text.text(), encode(ack));
    }
}

TEST(SeqText, StaysAsItIsIfItIsNotCertainWhereTheNumberIs) {
    auto ack = ack_of("\"seq\":9", 9);  // its escapes make the text a hard one
    SeqText text;
    EXPECT_FALSE(text.set(10));
    text.keep(encode(ack), 9);

    EXPECT_FALSE(text.set(10));
    EXPECT_EQ(text.text(), encode(ack));
}

}  // namespace
}  // namespace electiond::wire
