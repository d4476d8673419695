// What a message quotes, and which words it suggests.
#include <electiond/wording.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

TEST(Wording, SuggestsAWordThatIsNear) {
    const std::vector<std::string> known{"tcp", "http", "static_list", "multicast", "path"};

    EXPECT_EQ(suggestion("htpp", known), "; did you mean http?");
    EXPECT_EQ(suggestion("static-list", known), "; did you mean static_list?");
    EXPECT_EQ(suggestion("multicats", known), "; did you mean multicast?");
    EXPECT_EQ(suggestion("pahts", known), "; did you mean path?");
    EXPECT_EQ(suggestion("tpc", known), "; did you mean tcp?") << "two letters swapped";
    EXPECT_EQ(suggestion("paht", std::vector<std::string>{"pat", "path"}), "; did you mean pat?");
}

TEST(Wording, SuggestsNothingRatherThanAnyWord) {
    const std::vector<std::string> known{"tcp", "http", "ttl", "interface", "p"};

    for (const auto* word : {"nosuch", "file_registry", "x", "", "xy", "faces"}) {
        EXPECT_EQ(suggestion(word, known), "") << word;
    }
    EXPECT_EQ(suggestion("tcp", std::vector<std::string>{}), "");
}

TEST(Wording, QuotesOnOneLineAndNotWithoutEnd) {
    EXPECT_EQ(in_quotes("a\nb\tc"), "\"a b c\"");
    EXPECT_EQ(in_quotes(std::string(200, 'x')), '"' + std::string(120, 'x') + "…\"");
    EXPECT_EQ(in_quotes(""), "\"\"");
}

}  // namespace
}  // namespace electiond
