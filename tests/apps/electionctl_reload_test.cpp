// electionctl reload: what it prints of each outcome, and its exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::FakeApi;
using ::testing::HasSubstr;

constexpr char kDone[] =
    R"({"dryRun":false,"file":"/etc/electiond/electiond.yaml","changes":[{"key":"api.hostnames","old":null,"new":"[a, b]","action":"applied","reason":null},{"key":"log.format","old":"text","new":"json","action":"needs_restart","reason":"the log format cannot change while the process runs"}],"warnings":["watch out"]})";

TEST(ElectionctlReload, ListsEachDifferenceAndWhatBecameOfIt) {
    FakeApi api;
    api.on("POST /reload", {200, kDone});

    const Result result = ask(api.url(), {"reload"});

    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out,
              "KEY            OLD   NEW     ACTION\napi.hostnames  -     [a, b]  "
              "applied\nlog.format     text  json    needs a restart: the log format cannot change "
              "while the process runs\nwarning: watch out\n");
    EXPECT_EQ(api.seen().at(0).query, "");
    EXPECT_EQ(ask(api.url(), {"-o", "json", "reload"}).out, std::string(kDone) + "\n");
}

TEST(ElectionctlReload, AsksForADryRun) {
    FakeApi api;
    api.on(
        "POST /reload",
        {200,
         R"({"dryRun":true,"file":"f","changes":[{"key":"log.level","old":"info","new":"debug","action":"would_apply","reason":null}],"warnings":[]})"});

    const Result result = ask(api.url(), {"reload", "--dry-run"});

    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("would apply"));
    EXPECT_EQ(api.seen().at(0).query, "dryRun=true");
}

TEST(ElectionctlReload, SaysThatNothingDiffers) {
    FakeApi api;
    api.on("POST /reload", {200, R"({"dryRun":false,"file":"f","changes":[],"warnings":[]})"});
    EXPECT_EQ(ask(api.url(), {"reload"}).out, "f: nothing differs from what is in use\n");
}

TEST(ElectionctlReload, ListsTheFaultsAndFails) {
    FakeApi api;
    const std::string body =
        R"({"title":"Faulty configuration","status":422,"detail":"d","error":"e","file":"f","faults":["f:3:7: one","f:4:1: two"]})";
    api.on("POST /reload", {422, body});

    const Result result = ask(api.url(), {"reload"});

    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "electionctl: " + api.url() +
                              " refused: the configuration has faults, so nothing was changed:\n"
                              "  f:3:7: one\n  f:4:1: two\n");
    EXPECT_EQ(ask(api.url(), {"-o", "json", "reload"}).out, body + "\n");
}

TEST(ElectionctlReload, AsksExactlyOneNode) {
    FakeApi api;
    const Result several = ask(api.url() + "," + api.url(), {"reload"});
    EXPECT_EQ(several.code, 64);
    EXPECT_THAT(several.err, HasSubstr("reload concerns one node"));
    EXPECT_TRUE(api.seen().empty());
    EXPECT_EQ(ask(api.url(), {"status", "--dry-run"}).code, 64);
}

TEST(ElectionctlReload, NamesTheRemedyIfItMayNot) {
    FakeApi api;
    api.on("POST /reload", {401, R"({"error":"Unauthorized","detail":"no token"})"});
    const Result result = ask(api.url(), {"reload"});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("--token-file"));
}

}  // namespace
}  // namespace electiond::ctl
