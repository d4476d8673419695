// A head that was read before is recognised, and no other one.
#include "http/known_head.h"

#include <gtest/gtest.h>

namespace electiond::transport {
namespace {

const std::string kHead = "POST /heartbeat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n";
constexpr io::HttpLimits kLimits{.head_bytes = 1000, .body_bytes = 1000};

KnownHead<int> known() {
    KnownHead<int> head;
    head.keep(kHead, kLimits, 7);
    return head;
}

TEST(KnownHead, KnowsNothingAtFirst) {
    const KnownHead<int> head;
    EXPECT_EQ(head.find("", kLimits), nullptr);
    EXPECT_EQ(head.find(kHead, kLimits), nullptr);
}

TEST(KnownHead, IsFoundWhateverFollows) {
    const auto head = known();
    for (const auto* after : {"", "{}", "{}POST", "{"}) {
        const auto* said = head.find(kHead + after, kLimits);
        ASSERT_NE(said, nullptr) << after;
        EXPECT_EQ(*said, 7);
    }
    EXPECT_EQ(head.size(), kHead.size());
}

TEST(KnownHead, IsNotFoundIfAByteDiffersOrIsMissing) {
    const auto head = known();
    for (std::size_t at = 0; at < kHead.size(); ++at) {
        auto other = kHead + "{}";
        other[at] ^= 1;
        EXPECT_EQ(head.find(other, kLimits), nullptr) << at;
        EXPECT_EQ(head.find(kHead.substr(0, at), kLimits), nullptr) << at;
    }
}

// After a reload it may be too long.
TEST(KnownHead, IsReadAgainUnderOtherLimits) {
    const auto head = known();
    EXPECT_EQ(head.find(kHead, {.head_bytes = 20, .body_bytes = 1000}), nullptr);
    EXPECT_EQ(head.find(kHead, {.head_bytes = 1000, .body_bytes = 1}), nullptr);
    EXPECT_NE(head.find(kHead, kLimits), nullptr);
}

TEST(KnownHead, IsReplacedByTheNext) {
    auto head = known();
    head.keep("GET", kLimits, 8);
    EXPECT_EQ(head.find(kHead, kLimits), nullptr);
    EXPECT_EQ(*head.find("GET ", kLimits), 8);
}

}  // namespace
}  // namespace electiond::transport
