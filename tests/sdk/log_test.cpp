// A line of the log as a value: what a field keeps of the value that it is given.
#include <electiond/log.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace electiond {
namespace {

TEST(LogField, KeepsNumbersAndTruthAsSuch) {
    EXPECT_EQ(LogField("a", 7).value, LogField::Value(std::int64_t{7}));
    EXPECT_EQ(LogField("a", std::uint16_t{7}).value, LogField::Value(std::int64_t{7}));
    EXPECT_EQ(LogField("a", 0.5).value, LogField::Value(0.5));
    EXPECT_EQ(LogField("a", true).value, LogField::Value(true));
    EXPECT_EQ(LogField("a", "true").value, LogField::Value(std::string("true")));
}

TEST(LogField, IsShortAsText) {
    EXPECT_EQ(LogField("a", -7).value_text(), "-7");
    EXPECT_EQ(LogField("a", 0.1).value_text(), "0.1");
    EXPECT_EQ(LogField("a", 1e300).value_text(), "1e+300");
    EXPECT_EQ(LogField("a", std::numeric_limits<double>::lowest()).value_text(),
              "-1.7976931348623157e+308");
    EXPECT_EQ(LogField("a", false).value_text(), "false");
}

TEST(LogField, IsNotNegativeIfTheNumberIsLarge) {
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();

    EXPECT_EQ(LogField("a", kMost).value_text(), "18446744073709551615");
    EXPECT_EQ(LogField("a", kMost / 2).value, LogField::Value(std::int64_t{9223372036854775807}));
}

}  // namespace
}  // namespace electiond
