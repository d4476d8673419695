// What a plugin may ask of its options, and what an operator is told when they are wrong.
#include <electiond/options.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

OptionValue text(std::string value, std::string where = "node.yaml:3:7") {
    OptionValue all;
    all.text = std::move(value);
    all.where = std::move(where);
    return all;
}

OptionValue empty() {
    auto value = text("");
    value.kind = OptionValue::Kind::none;
    return value;
}

class OptionsTest : public testing::Test {
  protected:
    Options& section(std::vector<OptionEntry> map, PluginKind kind = PluginKind::discovery) {
        OptionSection all{"discovery[0]", {}, "/etc/electiond"};
        all.root.kind = OptionValue::Kind::map;
        all.root.map = std::move(map);
        all.root.where = "node.yaml:2:5";
        return options_.emplace(kind, std::move(all));
    }
    // What the host throws once the factory has returned; empty if nothing.
    std::string faults() {
        options_->refuse_unread();
        try {
            options_->throw_faults();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            return error.what();
        }
        return "";
    }

  private:
    std::optional<Options> options_;
};

TEST_F(OptionsTest, ReadsEachType) {
    OptionValue names;
    names.kind = OptionValue::Kind::list;
    names.list = {text("a"), text("b")};
    OptionValue rows;
    rows.kind = OptionValue::Kind::map;
    rows.map = {{"1", text("x"), {}}, {"0", text("y"), {}}};
    auto& options = section({{"text", text("t"), {}},
                             {"number", text("-7"), {}},
                             {"flag", text("true"), {}},
                             {"wait", text("150ms"), {}},
                             {"path", text("../cluster.json"), {}},
                             {"names", names, {}},
                             {"rows", rows, {}}});

    EXPECT_EQ(options.text("text"), "t");
    EXPECT_EQ(options.integer("number", -10, 10), -7);
    EXPECT_TRUE(options.flag("flag", false));
    EXPECT_EQ(options.duration("wait", std::chrono::seconds(1)), std::chrono::milliseconds(150));
    EXPECT_EQ(options.path("path"), "/etc/cluster.json");
    EXPECT_EQ(options.list("names"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(options.table("rows"),
              (std::vector<std::pair<std::string, std::string>>{{"1", "x"}, {"0", "y"}}));
    EXPECT_EQ(faults(), "");
}

TEST_F(OptionsTest, FillsInWhatIsNotGiven) {
    auto& options = section({{"text", empty(), {}}});

    EXPECT_EQ(options.text("text", "t"), "t");
    EXPECT_EQ(options.integer("number", 1, 9, 3), 3);
    EXPECT_TRUE(options.flag("flag", true));
    EXPECT_EQ(options.duration("wait", std::chrono::seconds(1)), std::chrono::seconds(1));
    EXPECT_FALSE(options.has("text"));
    EXPECT_EQ(options.value("names"), nullptr);
    EXPECT_EQ(faults(), "");
}

TEST_F(OptionsTest, GoesOnAfterAFaultAndNamesThemAll) {
    OptionValue mixed;
    mixed.kind = OptionValue::Kind::list;
    mixed.list = {text("a"), empty(), text("", "node.yaml:9:9")};
    auto& options = section({{"port", text("x7"), {}},
                             {"count", text("010"), {}},
                             {"wait", text("5"), {}},
                             {"loud", text("yes"), {}},
                             {"names", mixed, {}},
                             {"rows", text("r"), {}}});

    EXPECT_EQ(options.integer("port", 1, 65535, 7402), 7402);
    EXPECT_EQ(options.integer("count", 1, 20), 1);
    (void)options.duration("wait", std::chrono::seconds(1));
    (void)options.flag("loud", false);
    EXPECT_EQ(options.list("names"), std::vector<std::string>{"a"});
    EXPECT_TRUE(options.table("rows").empty());
    EXPECT_EQ(options.text("group"), "");
    EXPECT_EQ(options.path("path"), "");

    EXPECT_TRUE(options.has_faults());
    EXPECT_EQ(
        faults(),
        "node.yaml:3:7: discovery[0].port is \"x7\", but must be a whole number from 1 to 65535\n"
        "node.yaml:3:7: discovery[0].count is \"010\", but must be a whole number from 1 to 20, "
        "without leading zeros\n"
        "node.yaml:3:7: discovery[0].wait is \"5\", but must be a duration: a whole number and a "
        "unit (ms, s, m or h), as in 150ms or 2s\n"
        "node.yaml:3:7: discovery[0].loud is \"yes\", but must be true or false\n"
        "node.yaml:3:7: discovery[0].names holds nothing, but must hold non-empty strings\n"
        "node.yaml:9:9: discovery[0].names holds \"\", but must hold non-empty strings\n"
        "node.yaml:3:7: discovery[0].rows is \"r\", but must be a map, as in {a: b}\n"
        "node.yaml:2:5: discovery[0].group is missing, but required\n"
        "node.yaml:2:5: discovery[0].path is missing, but required");
}

TEST_F(OptionsTest, TakesWhatThePluginFindsWrongUnlessItIsAPlaceholder) {
    auto& options = section({{"group", text("x"), {}}, {"port", text("y"), {}}});
    (void)options.text("group");
    (void)options.integer("port", 1, 9);

    options.wrong("group", "a multicast address");
    options.wrong("port", "an even number");
    options.missing("interface", "name one");
    options.wrong("interface", "the name of an interface");

    EXPECT_EQ(faults(),
              "node.yaml:3:7: discovery[0].port is \"y\", but must be a whole number from 1 to 9\n"
              "node.yaml:3:7: discovery[0].group is \"x\", but must be a multicast address\n"
              "node.yaml:2:5: discovery[0].interface is missing, but required; name one");
}

TEST_F(OptionsTest, RefusesEveryKeyThatNobodyHasAskedFor) {
    auto& options = section({{"plugin", text("p"), {}},
                             {"pahts", text("x"), "node.yaml:3:1"},
                             {"nosuch", empty(), {}},
                             {"name", text("x"), {}}});
    (void)options.has("path");
    (void)options.text("cluster", "");

    EXPECT_EQ(faults(),
              "node.yaml:3:1: unknown key discovery[0].pahts; expected path, cluster, plugin; did "
              "you mean path?\n"
              "node.yaml:3:7: unknown key discovery[0].nosuch; expected path, cluster, plugin\n"
              "node.yaml:3:7: unknown key discovery[0].name; expected path, cluster, plugin");
}

TEST_F(OptionsTest, KeepsTheKeysOfElectiondFromThePlugin) {
    for (const auto kind : {PluginKind::discovery, PluginKind::transport}) {
        std::vector<OptionEntry> map;
        for (const auto key : host_keys(kind)) map.push_back({std::string(key), text("x"), {}});
        auto& options = section(map, kind);
        for (const auto key : host_keys(kind)) {
            EXPECT_THROW((void)options.text(std::string(key)), Error) << key;
        }
        for (const auto key : kReservedKeys) {
            EXPECT_THROW((void)options.has(std::string(key)), Error) << key;
        }
        EXPECT_EQ(faults(), "");
    }
    EXPECT_EQ(section({{"listen", text("x"), {}}}).text("listen"), "x") << "of no discovery";
}

TEST_F(OptionsTest, ThrowsBeforeAPlaceholderCanDoHarm) {
    auto& options = section({});
    EXPECT_NO_THROW(options.throw_faults());

    (void)options.text("server");

    EXPECT_THROW(options.throw_faults(), Error);
}

TEST(Duration, HasAWholeNumberAndAUnit) {
    EXPECT_EQ(parse_duration("150ms"), std::chrono::milliseconds(150));
    EXPECT_EQ(parse_duration("2m"), std::chrono::minutes(2));
    for (const auto* text : {"", "ms", "1.5s", "-1s", "1 s", "9223372036854775807h"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace electiond
