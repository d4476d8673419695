// The words of electionctl's command line: what it refuses, and the help for each verb.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "electionctl/help.h"
#include "electionctl_scene.h"

namespace electiond::ctl {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Electionctl, RefusesWordsThatItCannotObey) {
    const std::vector<std::vector<std::string>> all{
        {},
        {"stauts"},
        {"status", "extra"},
        {"status", "--verbose"},
        {"status", "-o", "xml"},
        {"status", "--to", "2"},
        {"status", "--timeout", "3"},
        {"status", "--timeout", "0s"},
        {"status", "--timeout", "-1s"},
        {"status", "--timeout", "99999999999999h"},
        {"status", "--endpoint"},
        {"status", "--endpoint", ""},
        {"status", "--endpoint", ","},
        {"status", "--endpoint", "127.0.0.1:1", "--endpoint", "127.0.0.1:2"},
        {"status", "--endpoint=127.0.0.1:1", "--endpoints", "127.0.0.1:2"},
        {"status", "-o", "json", "--output=table"},
        {"step-down", "--to", "2", "--to", "3"},
        {"status", "--endpoint", "ftp://127.0.0.1:7400"},
        {"status", "--endpoint", "https://user:secret@127.0.0.1:7400"},
        {"status", "--endpoint", "http://127.0.0.1:7400", "--cacert", "ca.crt"},
        {"status", "--endpoint", "127.0.0.1:7400", "--key", "operator.key"},
        {"status", "--cacert", ""},
        {"status", "--endpoint", "http://user:secret@127.0.0.1:7400"},
        {"status", "--endpoint", "http://127.0.0.1:99999"},
        {"status", "--endpoint", "http://"},
        {"members", "remove"},
        {"members", "--yes"},
        {"members", "--dry-run"},
        {"members", "leave", "--dry-run"},
        {"status", "--dry-run"},
        {"registry"},
        {"registry", "list"},
        {"registry", "sweep", "--file", "x"},
        {"registry", "list", "--file", "x", "--dry-run"},
        {"registry", "list", "3", "--file", "x"},
        {"registry", "list", "--file", "x", "--file", "y"},
        {"registry", "prune", "--file", "x", "-o", "yaml"},
        {"registry", "prune", "--file", "x", "-o", "json", "--output", "json"},
        {"registry", "prune", "", "--file", "x"},
        {"registry", "prune", "--file", "x", "--dry-run=yes"},
        {"--endpoint", "127.0.0.1:1", "registry", "list"},
        {"status", "--yes"},
        {"members", "evict", "3"},
        {"wait-leader", "--me", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"is-leader", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"watch", "--exec", "true", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"watch", "--count", "0"},
        {"watch", "--count", "x"},
        {"top", "--once=yes"},
        {"explain"},
        {"run", "--", "true"},
        {"plugin", "list"},
        {"help", "stauts"},
    };
    for (const auto& words : all) {
        const Result result = run_words(words);
        std::string line;
        for (const auto& word : words) line += word + " ";
        EXPECT_EQ(result.code, 64) << line;
        EXPECT_THAT(result.err, ::testing::StartsWith("electionctl: ")) << line;
        EXPECT_EQ(result.out, "") << line;
    }
}

TEST(Electionctl, HelpsWithEveryVerb) {
    for (const VerbHelp& verb : verbs()) {
        const Result result = run_words({std::string(verb.name), "--help"});
        EXPECT_EQ(result.code, 0) << verb.name;
        const std::string options = verb.local ? "" : "[OPTIONS] ";
        EXPECT_THAT(result.out,
                    HasSubstr("Usage: electionctl " + options + std::string(verb.name)));
        EXPECT_EQ(run_words({"help", std::string(verb.name)}).out, result.out);
        EXPECT_THAT(run_words({"--help"}).out, HasSubstr("  " + std::string(verb.name) + " "));
    }
    EXPECT_THAT(run_words({"--version"}).out, ContainsRegex("^electionctl [0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace electiond::ctl
