// electionctl plugin check and cases: their output, options and exit codes.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "plugin_scene.h"

namespace electiond::cluster {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kRegistry = kOwnPlugins / "file_registry.so";

TEST(PluginCheck, PrintsTap) {
    const auto finished = plugin({"check", kRegistry, "--option", "path=cluster.json", "--case",
                                  "factory", "--case", "arbiter"});

    EXPECT_EQ(finished.code, 0);
    EXPECT_EQ(finished.said, "TAP version 13\n1..4\n# " + kRegistry +
                                 ": discovery file_registry 0.1.0\n"
                                 "ok 1 - loads\nok 2 - factory\nok 3 - poll\nok 4 - arbiter\n"
                                 "# 4 passed, 0 failed, 0 skipped\n");
}

TEST(PluginCheck, SaysInTapWhatIsWrongAndWhatIsExpected) {
    const auto finished = check_guest("discovery", "throws", {"--case", "poll"});

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said,
                HasSubstr("not ok 3 - poll: poll threw: a foreign fault\n  ---\n  expected: \"With "
                          "working options, announce and poll do not throw.\"\n  duration_ms: "));
    EXPECT_THAT(finished.said, HasSubstr("# 2 passed, 1 failed, 0 skipped\n"));
}

TEST(PluginCheck, PrintsJson) {
    const auto finished = plugin({"check", kOwnPlugins / "static_list.so", "--json", "--option",
                                  "peers=[127.0.0.1:4001]", "--case", "poll", "--case", "arbiter",
                                  "--case", "claim_lasts"});

    EXPECT_EQ(finished.code, 0);
    const auto report =
        Poco::JSON::Parser().parse(finished.said).extract<Poco::JSON::Object::Ptr>();
    EXPECT_EQ(report->getValue<std::string>("plugin"), "static_list");
    EXPECT_EQ(report->getValue<std::string>("kind"), "discovery");
    EXPECT_EQ(report->getValue<int>("passed"), 3);
    EXPECT_EQ(report->getValue<int>("failed"), 0);
    EXPECT_EQ(report->getValue<int>("skipped"), 2);
    const auto last = report->getArray("cases")->getObject(4);
    EXPECT_EQ(last->getValue<std::string>("name"), "claim_lasts");
    EXPECT_EQ(last->getValue<std::string>("outcome"), "skipped");
    EXPECT_EQ(last->getValue<std::string>("reason"), "needs arbiter");
}

TEST(PluginCheck, CountsSkippedCasesAsFailuresIfAskedTo) {
    const std::vector<std::string> words{"check",    kOwnPlugins / "static_list.so",
                                         "--option", "peers=[127.0.0.1:4001]",
                                         "--case",   "arbiter"};
    EXPECT_EQ(plugin(words).code, 0);
    auto strict = words;
    strict.emplace_back("--strict");
    EXPECT_EQ(plugin(strict).code, 1);
}

TEST(PluginCheck, ReadsOptionsFromAFile) {
    const Folder folder;
    write(folder / "options.yaml", "peers:\n  \"1\": 127.0.0.1:4001\n");
    const std::vector<std::string> words{"check",    kOwnPlugins / "static_list.so",
                                         "--config", folder / "options.yaml",
                                         "--case",   "factory"};
    EXPECT_EQ(plugin(words).code, 0);

    write(folder / "options.yaml", "peers: 7\n");
    const auto wrong = plugin(words);
    EXPECT_EQ(wrong.code, 1);
    EXPECT_THAT(wrong.said, HasSubstr("options.yaml:1:8: discovery[0].peers is \"7\""));
}

TEST(PluginCheck, RefusesFilesOfOptionsThatItCannotUse) {
    const Folder folder;
    const auto refusal_of = [&](const std::filesystem::path& file) {
        const auto finished = plugin({"check", kRegistry, "--config", file, "--case", "factory"});
        EXPECT_EQ(finished.code, 64);
        return finished.said;
    };
    write(folder / "options.yaml", "path: [\n");
    EXPECT_THAT(refusal_of(folder / "options.yaml"),
                HasSubstr("options.yaml:2:1: this is not YAML"));
    EXPECT_THAT(refusal_of(folder.path()), HasSubstr("is not a regular file"));
    EXPECT_THAT(refusal_of("/dev/zero"), HasSubstr("is not a regular file"));
}

TEST(PluginCheck, SaysThatItCannotWriteItsReport) {
    const auto finished =
        run({"/bin/sh", "-c", "exec \"$0\" plugin check \"$1\" --option path=x >/dev/full",
             ELECTIONCTL, kRegistry});
    EXPECT_EQ(finished.code, 74) << finished.said;
}

TEST(PluginCheck, RefusesOptionsThatAreNoYaml) {
    const auto finished = plugin({"check", kRegistry, "--option", "path=[", "--case", "factory"});

    EXPECT_EQ(finished.code, 64);
    EXPECT_THAT(finished.said, HasSubstr("electionctl: --option path: "));
}

TEST(PluginCheck, LeavesNoFileBehind) {
    const Folder folder;
    const auto finished =
        run({"/usr/bin/env", "TMPDIR=" + folder.path().string(), ELECTIONCTL, "plugin", "check",
             kRegistry, "--option", "path=cluster.json", "--case", "poll"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(PluginCheck, SaysWhereItHasLookedForTheKit) {
    const Folder folder;
    std::filesystem::copy_file(ELECTIONCTL, folder / "electionctl");
    const auto missing = run({folder / "electionctl", "plugin", "check", kRegistry});
    EXPECT_EQ(missing.code, 69) << missing.said;
    EXPECT_THAT(missing.said, HasSubstr("there is no electiond-kit in " + folder.path().string()));
    EXPECT_THAT(missing.said, HasSubstr("install the package electiond-dev"));

    const auto wrong = plugin({"check", kRegistry, "--kit", folder / "nothing"});
    EXPECT_EQ(wrong.code, 69);
    EXPECT_THAT(wrong.said, HasSubstr("is not a program that can be run"));
    const auto other = plugin({"cases", "discovery", "--kit", "/bin/true"});
    EXPECT_EQ(other.code, 69);
    EXPECT_THAT(other.said, HasSubstr("/bin/true lists no conformance cases"));
    EXPECT_NE(plugin({"check", kRegistry, "--kit", "/bin/true"}).code, 0);
}

TEST(PluginCheck, RefusesWordsThatItDoesNotKnow) {
    const auto said = [](std::vector<std::string> words) {
        const auto finished = plugin(std::move(words));
        EXPECT_EQ(finished.code, 64) << finished.said;
        return finished.said;
    };
    EXPECT_THAT(said({}), HasSubstr("plugin needs a verb: check, cases or new"));
    EXPECT_THAT(said({"list"}), HasSubstr("unknown verb plugin list"));
    EXPECT_THAT(said({"check"}), HasSubstr("plugin check takes the FILE of a plugin"));
    EXPECT_THAT(said({"check", "a", "b"}), HasSubstr("takes the FILE"));
    EXPECT_THAT(said({"check", "a", "--endpoint", "x"}), HasSubstr("--endpoint is not an option"));
    EXPECT_THAT(said({"check", "a", "--option", "x"}), HasSubstr("expected KEY=VALUE"));
    EXPECT_THAT(said({"check", "a", "--tap", "--json"}), HasSubstr("one at a time"));
    EXPECT_THAT(said({"check", "a", "--config", "x", "--config", "y"}),
                HasSubstr("--config is given twice"));
    EXPECT_THAT(said({"check", kRegistry, "--case", "nothing"}),
                HasSubstr("there is no case nothing"));
    EXPECT_THAT(said({"cases", "neither"}), HasSubstr("expected discovery or transport"));
}

TEST(PluginCheck, SaysWhatItDoes) {
    const auto finished = plugin({"--help"});
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(finished.said, StartsWith("plugin: checks plugins, and creates new ones\n"));
}

// Names are what users see and ask for: unique, and each with its sentence.
TEST(PluginCases, AreAtLeastFortyForEachKind) {
    for (const auto* kind : {"discovery", "transport"}) {
        const auto finished = plugin({"cases", kind});
        EXPECT_EQ(finished.code, 0);
        const auto sentences = lines_with(finished.said, "    ");
        std::set<std::string> names;
        std::size_t lines = 0;
        for (const auto& line : lines_with(finished.said, "")) {
            if (line.empty() || line.front() == ' ') continue;
            ++lines;
            names.insert(line);
        }
        EXPECT_GE(names.size(), 40U) << kind;
        EXPECT_EQ(names.size(), lines) << kind;
        EXPECT_EQ(sentences.size(), lines) << kind;
        for (const auto& sentence : sentences) {
            EXPECT_GT(sentence.size(), 10U);
            EXPECT_LE(sentence.size(), 104U) << sentence;
        }
    }
}

// docs/plugin-kit.md lists what authors can ask for.
TEST(PluginCases, StandInThePage) {
    const auto page = read(std::filesystem::path(ELECTIOND_SOURCE) / "docs/plugin-kit.md");
    std::set<std::string> names;
    for (const auto* kind : {"discovery", "transport"}) {
        std::string name;
        for (const auto& line : lines_with(plugin({"cases", kind}).said, "")) {
            if (line.starts_with("    ")) {
                EXPECT_THAT(page, HasSubstr(" | " + line.substr(4) + " |\n")) << name;
            } else if (!line.empty()) {
                name = line;
                names.insert(name);
                EXPECT_THAT(page, HasSubstr("\n| `" + name + "` | "));
            }
        }
    }
    // And no others: a row for each, and some names are of both kinds, with a row for each kind.
    for (const auto& row : lines_with(page, "| `")) {
        EXPECT_TRUE(names.contains(row.substr(3, row.find('`', 3) - 3))) << row;
    }
}

// The program that it runs: strict, too.
TEST(ElectiondKit, RefusesWordsThatItDoesNotKnow) {
    const auto said = [](std::vector<std::string> words) {
        words.insert(words.begin(), ELECTIOND_KIT);
        const auto finished = run(words);
        EXPECT_EQ(finished.code, 64) << finished.said;
        return finished.said;
    };
    EXPECT_THAT(said({}), HasSubstr("electionctl plugin check runs this program"));
    EXPECT_THAT(said({"--cases"}), HasSubstr("misuse: --cases takes discovery or"));
    EXPECT_THAT(said({"--cases", "other"}), HasSubstr("misuse: "));
    EXPECT_THAT(said({"--try", kRegistry}), HasSubstr("needs --case NAME"));
    EXPECT_THAT(said({"--try", kRegistry, "--case", "nothing"}),
                HasSubstr("there is no case nothing"));
    EXPECT_THAT(said({"--try", kRegistry, "--case", "loads", "--what", "x"}),
                HasSubstr("unknown option --what"));
}

TEST(ElectiondKit, RunsOneCaseInItsOwnProcess) {
    const Folder folder;
    const auto finished = run({ELECTIOND_KIT, "--try", kRegistry, "--case", "spreads", "--option",
                               "path=cluster.json", "--directory", folder.path()});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("> poll\n"));
    EXPECT_TRUE(finished.said.ends_with("passed\n")) << finished.said;
}

}  // namespace
}  // namespace electiond::cluster
