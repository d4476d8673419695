// The completions: bash offers what the programs print by --help, and the programs know all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "process.h"

namespace electiond {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using Words = std::vector<std::string>;

const std::string kBuild = ELECTIOND_BUILD;

// What bash offers for the last of `line`, whose first word is the program.
std::set<std::string> offered(const Words& line) {
    const auto& program = line.front();
    Words command{"/bin/bash", "-c",
                  "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _$1; "
                  "printf '%s\\n' \"${COMPREPLY[@]}\"",
                  kBuild + "/config/completions/" + program + ".bash"};
    command.insert(command.end(), line.begin(), line.end());
    const auto finished = cluster::run(command);
    EXPECT_EQ(finished.code, 0) << finished.said;
    std::istringstream lines(finished.said);
    std::set<std::string> words;
    for (std::string word; std::getline(lines, word);) {
        if (!word.empty()) words.insert(word);
    }
    return words;
}

cluster::Finished run(const std::string& program, const Words& words) {
    // Nobody listens there, so that no word can do anything.
    Words command{"/usr/bin/env", "ELECTIONCTL_ENDPOINTS=http://127.0.0.1:1",
                  kBuild + "/bin/" + program};
    command.insert(command.end(), words.begin(), words.end());
    return cluster::run(command);
}

// All that `pattern` finds in what the program prints.
std::set<std::string> found(const std::string& program, const Words& words,
                            const std::string& pattern) {
    const auto text = run(program, words).said;
    const std::regex regex(pattern);
    std::set<std::string> all;
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
        all.insert((*at)[1].str());
    }
    return all;
}

std::set<std::string> verbs() { return found("electionctl", {"--help"}, "\n  ([a-z][a-z-]*)  "); }

TEST(Completions, OfTheDaemonOfferAllItsOptions) {
    const auto options = found("electiond", {"--help"}, "(?:\n|, )(--[a-z-]+)");

    EXPECT_GT(options.size(), 8U);
    EXPECT_THAT(offered({"electiond", ""}), IsSupersetOf(options));
    EXPECT_THAT(offered({"electiond", ""}), IsSupersetOf(Words{"recover", "rejoin"}));
    EXPECT_EQ(offered({"electiond", "--config", "/etc/hostnam"}),
              (std::set<std::string>{"/etc/hostname"}));
}

TEST(Completions, OfTheDaemonOfferWhatGoesWithACommand) {
    EXPECT_EQ(offered({"electiond", "recover", "-"}),
              (std::set<std::string>{"-c", "--config", "--claim", "--force", "--yes"}));
    EXPECT_EQ(offered({"electiond", "--config", "x", "rejoin", "-"}),
              (std::set<std::string>{"-c", "--config", "--yes"}));
    EXPECT_EQ(offered({"electiond", "recover", "--config", "/etc/hostnam"}),
              (std::set<std::string>{"/etc/hostname"}));
}

TEST(Completions, OfTheClientOfferItsVerbsAndOptions) {
    EXPECT_GT(verbs().size(), 9U);
    EXPECT_THAT(offered({"electionctl", ""}), IsSupersetOf(verbs()));
    const auto options = found("electionctl", {"--help"}, "(?:\n  |, )(--[a-z-]+)");
    EXPECT_GT(options.size(), 6U);
    for (const auto& verb : verbs()) {
        if (verb == "tls" || verb == "plugin" || verb == "registry") continue;
        EXPECT_THAT(offered({"electionctl", verb, ""}), IsSupersetOf(options)) << verb;
        EXPECT_THAT(offered({"electionctl", verb, ""}),
                    IsSupersetOf(found("electionctl", {verb, "--help"}, "\n  (--[a-z-]+)")))
            << verb;
    }
    EXPECT_EQ(offered({"electionctl", "--endpoint", "status", "step-d"}),
              (std::set<std::string>{"step-down"}));
    EXPECT_EQ(offered({"electionctl", "-o", ""}), (std::set<std::string>{"table", "json"}));
    EXPECT_EQ(offered({"electionctl", "--output", "=", "j"}), (std::set<std::string>{"json"}));
}

TEST(Completions, OfTheClientOfferWhatFollowsAVerb) {
    EXPECT_THAT(offered({"electionctl", "members", ""}), IsSupersetOf(Words{"remove", "leave"}));
    for (const auto* what : {"remove", "leave"}) {
        EXPECT_THAT(offered({"electionctl", "members", what, "--"}), testing::Contains("--yes"));
    }
    EXPECT_EQ(offered({"electionctl", "tls", ""}),
              (std::set<std::string>{"init", "add", "renew", "revoke", "show"}));
    EXPECT_EQ(offered({"electionctl", "tls", "init", ""}),
              (std::set<std::string>{"--cluster", "--nodes", "--dir", "--days"}));
    EXPECT_THAT(offered({"electionctl", "tls", "show", "/etc/hostnam"}),
                testing::Contains("/etc/hostname"));
    EXPECT_EQ(offered({"electionctl", "registry", ""}), (std::set<std::string>{"list", "prune"}));
    EXPECT_EQ(offered({"electionctl", "registry", "prune", "-"}),
              (std::set<std::string>{"--file", "--cluster", "--dry-run", "-o"}));
    EXPECT_EQ(offered({"electionctl", "plugin", ""}),
              (std::set<std::string>{"check", "new", "cases"}));
    EXPECT_EQ(offered({"electionctl", "plugin", "new", "mine", "--kind", ""}),
              (std::set<std::string>{"discovery", "transport"}));
}

// What is offered is also taken: an option that a verb does not know is refused by name.
TEST(Completions, OfferNothingThatTheProgramRefuses) {
    std::vector<Words> places{{"tls", "init"},      {"tls", "add"},      {"tls", "renew"},
                              {"tls", "revoke"},    {"tls", "show"},     {"plugin", "check"},
                              {"plugin", "new"},    {"plugin", "cases"}, {"registry", "list"},
                              {"registry", "prune"}};
    for (const auto& verb : verbs()) {
        if (verb != "tls" && verb != "plugin" && verb != "registry") places.push_back({verb});
    }
    for (const auto& place : places) {
        Words line{"electionctl"};
        line.insert(line.end(), place.begin(), place.end());
        line.emplace_back("-");
        for (const auto& option : offered(line)) {
            auto words = place;
            if (place.size() == 1) words.emplace_back("--timeout=100ms");
            words.push_back(option);
            const auto said = run("electionctl", words).said;
            EXPECT_THAT(said, Not(HasSubstr("unknown option"))) << testing::PrintToString(words);
            EXPECT_THAT(said, Not(HasSubstr("is not an option"))) << testing::PrintToString(words);
        }
    }
}

}  // namespace
}  // namespace electiond
