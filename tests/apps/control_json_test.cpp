// JSON values as the control API writes them.
#include <gtest/gtest.h>

#include "control/json.h"
#include "control/target.h"

namespace electiond::testing {
namespace {

TEST(Json, IsCompactAndKeepsTheOrderOfItsKeys) {
    EXPECT_EQ(json_object({{"b", 1}, {"a", json_array({true, nullptr, "x"})}}).text(),
              R"({"b":1,"a":[true,null,"x"]})");
    EXPECT_EQ(json_object({}).text(), "{}");
    EXPECT_EQ(json_array({}).text(), "[]");
}

TEST(Json, WritesEachKindOfValue) {
    EXPECT_EQ(Json(false).text(), "false");
    EXPECT_EQ(Json(std::uint64_t{18446744073709551615ULL}).text(), "18446744073709551615");
    EXPECT_EQ(Json(-3).text(), "-3");
    EXPECT_EQ(Json(std::optional<int>()).text(), "null");
    EXPECT_EQ(Json(std::optional<int>(3)).text(), "3");
    EXPECT_EQ(Json(NodeId("n1")).text(), R"("n1")");
    EXPECT_EQ(Json(Endpoint{"::1", 80}).text(), R"("[::1]:80")");
    EXPECT_EQ(Json(std::chrono::microseconds(1999)).text(), "1");
    EXPECT_EQ(Json(0.35).text(), "0.35");
    EXPECT_EQ(Json(12.0).text(), "12");
    EXPECT_EQ(Json(-0.0004).text(), "0");
    EXPECT_EQ(Json(-1.005).text(), "-1.005");
}

TEST(Json, EscapesTextAndReplacesWhatIsNoUtf8) {
    EXPECT_EQ(Json("a\"\\\n\x01/").text(), R"("a\"\\\n\u0001/")");
    EXPECT_EQ(Json("h\xc3\xa9").text(), "\"h\xc3\xa9\"");
    EXPECT_EQ(Json("h\xc3").text(), R"("h?")");
    EXPECT_EQ(Json(std::string_view("a\0b", 3)).text(), R"("a\u0000b")");
}

TEST(Target, TakesPathAndQueryApart) {
    const auto target = Target::parse("/a%20b?x=1%26&y&z=a%20b+&x=2");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/a b");
    EXPECT_EQ(target->query,
              (std::map<std::string, std::string>{{"x", "2"}, {"y", ""}, {"z", "a b+"}}));
    EXPECT_FALSE(target->authority);
    EXPECT_EQ(Target::parse("http://h:1?x=1")->authority, "h:1");
    EXPECT_EQ(Target::parse("http://h:1/p")->path, "/p");
    EXPECT_EQ(Target::parse("https://h:1/p")->authority, "h:1");
    EXPECT_EQ(Target::parse("HTTPS://h:1/p")->path, "/p");
    EXPECT_EQ(Target::parse("/p?to=http://h/")->path, "/p");
    for (const char* bad : {"", "a", "/%", "/%g0", "/?%1", "ftp://h/", "http", "http:/h"}) {
        EXPECT_FALSE(Target::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace electiond::testing
