// A slot is read exactly as it was written, or not at all.
#include "storage/slot.h"

#include "scratch.h"

namespace electiond {
namespace {

const Slot kOld{1, 41, R"({"term":6,"votedFor":"u1"})"};
const Slot kNew{1, 42, R"({"term":7,"votedFor":"u2","more":1})"};

TEST(Slot, ReadsWhatItWrites) {
    const auto bytes = encode_slot(kNew);

    EXPECT_EQ(bytes.size(), kSlotSize);
    EXPECT_EQ(decode_slot(bytes), kNew);
    EXPECT_THAT(bytes, testing::StartsWith("electiond-state format=1 save=42 bytes=35 sha1="));
}

TEST(Slot, NeverReadsAWriteThatWasTornAnywhere) {
    const auto before = encode_slot(kOld), after = encode_slot(kNew);

    for (std::size_t torn = 0; torn <= kSlotSize; ++torn) {
        const auto bytes = after.substr(0, torn) + before.substr(torn);
        const auto read = decode_slot(bytes);
        if (bytes == before) {
            EXPECT_EQ(read, kOld) << torn;
        } else if (bytes == after) {
            EXPECT_EQ(read, kNew) << torn;
        } else {
            EXPECT_EQ(read, std::nullopt) << torn;
        }
    }
}

TEST(Slot, NoticesEveryFlippedBit) {
    const auto bytes = encode_slot(kNew);

    for (std::size_t i = 0; i < kSlotSize; ++i) {
        auto flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
        EXPECT_EQ(decode_slot(flipped), std::nullopt) << i;
    }
}

TEST(Slot, DoesNotReadWhatIsNoSlot) {
    const auto claims = [](const std::string& head) {
        auto bytes = head + '\n';
        bytes.resize(kSlotSize, ' ');
        return bytes;
    };
    for (const auto& bytes :
         {std::string(), std::string(kSlotSize, '\0'), std::string(kSlotSize, '\n'),
          std::string(kSlotSize, ' '), encode_slot(kNew) + " ", encode_slot(kNew).substr(1),
          claims("electiond-state format=1 save=1 bytes=18446744073709551615 sha1="),
          claims("electiond-state format=1 save=1 bytes=8191 sha1="),
          claims("electiond-state format=1 save=1 bytes=8147 sha1="),
          claims("electiond-state format=1 save=99999999999999999999999 bytes=2 sha1=")}) {
        EXPECT_EQ(decode_slot(bytes), std::nullopt) << bytes.substr(0, 80);
    }
}

TEST(Slot, RefusesABodyThatIsTooLong) {
    const auto of_length = [](std::size_t size) { return Slot{1, 1, std::string(size, 'x')}; };
    std::size_t longest = kSlotSize;
    while (fault([&] { (void)encode_slot(of_length(longest)); }).code == Error::data) --longest;

    EXPECT_GT(longest, kSlotSize - 100);
    EXPECT_EQ(decode_slot(encode_slot(of_length(longest))), of_length(longest));
}

}  // namespace
}  // namespace electiond
