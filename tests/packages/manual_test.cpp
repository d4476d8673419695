// The man pages name every option, verb and key, and scdoc's formatting has eaten nothing; the
// reference of the configuration is up to date.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "folder.h"
#include "process.h"
#include "settings/schema.h"

namespace electiond {
namespace {

using testing::HasSubstr;

// A page as a reader sees it, without line breaks and hyphens at the ends of lines.
std::string page(const std::string& name) {
    const auto finished =
        cluster::run({"/usr/bin/groff", "-man", "-rLL=9999n", "-rHY=0", "-Tascii", "-P-cbou",
                      std::string(ELECTIOND_BUILD) + "/config/" + name});
    EXPECT_EQ(finished.code, 0) << finished.said;
    return finished.said;
}

std::string help(const std::string& program, const std::vector<std::string>& words) {
    std::vector<std::string> command{std::string(ELECTIOND_BUILD) + "/bin/" + program};
    command.insert(command.end(), words.begin(), words.end());
    return cluster::run(command).said;
}

// The options that a text names.
std::set<std::string> options_of(const std::string& text) {
    std::set<std::string> options;
    const std::regex option("[^-a-z](--[a-z][a-z-]*)");
    for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at) {
        options.insert((*at)[1].str());
    }
    return options;
}

TEST(Manual, OfTheDaemonNamesEachOption) {
    const auto text = page("electiond.8");

    const auto options = options_of(help("electiond", {"--help"}));
    EXPECT_GT(options.size(), 8U);
    for (const auto& option : options) EXPECT_THAT(text, HasSubstr(option));
    EXPECT_THAT(text, HasSubstr("recover"));
    EXPECT_THAT(text, HasSubstr("78 the configuration"));
}

TEST(Manual, OfTheClientNamesEachVerbAndOption) {
    const auto text = page("electionctl.1");

    const auto general = help("electionctl", {"--help"});
    auto options = options_of(general);
    const std::regex verb("\n  ([a-z][a-z-]*)  ");
    int verbs = 0;
    for (std::sregex_iterator at(general.begin(), general.end(), verb), end; at != end; ++at) {
        const auto name = (*at)[1].str();
        ++verbs;
        EXPECT_THAT(text, HasSubstr("\n   " + name)) << "as a heading";
        options.merge(options_of(help("electionctl", {name, "--help"})));
    }
    EXPECT_GT(verbs, 9);
    EXPECT_GT(options.size(), 12U);
    for (const auto& option : options) EXPECT_THAT(text, HasSubstr(option));
}

TEST(Manual, OfTheConfigurationExplainsEachKey) {
    const auto text = page("electiond.yaml.5");

    for (const auto& key : schema()) {
        const bool is_section = key.shape == Shape::section || key.shape == Shape::plugin_section;
        const auto name = "\n       " + std::string(key.path);
        EXPECT_THAT(text, HasSubstr(is_section ? std::string(key.path) : name + " ("));
    }
    EXPECT_THAT(text, HasSubstr("node.data_dir (path; required; as in /var/lib/electiond; "));
    EXPECT_THAT(text, HasSubstr("election.election_timeout (duration, 50ms to 1h; default: 1s; "
                                "reload: restart)"));
}

// docs/configuration-keys.md is what the program and config/node.yaml say now.
TEST(Reference, OfTheConfigurationIsUpToDate) {
    const std::string source = ELECTIOND_SOURCE;
    const auto made = cluster::run(
        {source + "/config/reference/make-reference", ELECTIOND_BUILD "/config/keys.tsv"});

    EXPECT_EQ(made.code, 0) << made.said;
    EXPECT_TRUE(made.said == cluster::read(source + "/docs/configuration-keys.md"))
        << "docs/configuration-keys.md is out of date. In the source folder run\n"
           "  config/reference/make-reference " ELECTIOND_BUILD
           "/config/keys.tsv >docs/configuration-keys.md";
}

}  // namespace
}  // namespace electiond
