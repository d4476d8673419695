// What a plugin may ask of its options, and what an operator is told when they are wrong.
#include <electiond/options.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

OptionValue scalar(std::string value) {
    return {.kind = OptionValue::Kind::text,
            .text = std::move(value),
            .list = {},
            .map = {},
            .where = "node.yaml:3:7"};
}

Options section(std::vector<OptionEntry> map) {
    return {"discovery[0]",
            {.kind = OptionValue::Kind::map,
             .text = {},
             .list = {},
             .map = std::move(map),
             .where = "node.yaml:2:5"},
            "/etc/electiond"};
}

std::string fault(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Error::config);
        return error.what();
    }
    return "no error";
}

TEST(Options, CountsRelativePathsFromTheFilesFolder) {
    const auto options = section({{"path", scalar("../cluster.json")}});

    EXPECT_EQ(options.path("path"), "/etc/cluster.json");
}

TEST(Options, NamesPlaceKeyValueAndRemedy) {
    const auto options = section({{"port", scalar("x7")}, {"wait", scalar("5")}});

    EXPECT_EQ(
        fault([&] { (void)options.integer("port", 1, 65535); }),
        "node.yaml:3:7: discovery[0].port is \"x7\", but must be a whole number from 1 to 65535");
    EXPECT_EQ(
        fault([&] { (void)options.duration("wait", std::chrono::seconds(1)); }),
        "node.yaml:3:7: discovery[0].wait is \"5\", but must be a duration: a whole number and a "
        "unit (ms, s, m or h), as in 150ms or 2s");
    EXPECT_EQ(fault([&] { (void)options.text("group"); }),
              "node.yaml:2:5: discovery[0].group is missing, but required");
}

TEST(Options, RefusesAnUnknownKeyAndNamesTheNearest) {
    const auto options = section({{"pahts", scalar("x")}});

    EXPECT_EQ(fault([&] {
                  options.accept_only({"path", "cluster"});
              }),
              "node.yaml:3:7: unknown key discovery[0].pahts; expected path, cluster; did you mean "
              "path?");
}

TEST(Options, ReadsDurationsWithUnitsAlone) {
    EXPECT_EQ(parse_duration("150ms", "w", "k").count(), 150);
    EXPECT_EQ(parse_duration("2m", "w", "k").count(), 120'000);
    for (const auto* text : {"", "ms", "1.5s", "-1s", "1 s", "9223372036854775807h"}) {
        EXPECT_THROW((void)parse_duration(text, "w", "k"), Error) << text;
    }
}

}  // namespace
}  // namespace electiond
