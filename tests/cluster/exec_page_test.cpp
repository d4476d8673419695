// docs/discovery-exec.md: its commands make a cluster, and its example programs work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

bool has(const std::string& program) {
    return run({"/bin/sh", "-c", "command -v " + program}).code == 0;
}

TEST(ExecPage, LeadsFromNothingToThreeNodesThatAProgramNames) {
    const Folder folder;
    const auto shown = run_commands(joined(blocks("discovery-exec.md", "sh")), folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log");
    for (const auto* words :
         {"no fault found", "leads in term", "can lose 1 more", R"({"id":"3","uuid":")",
          "cannot be started: No such file or directory; it does not exist",
          R"("plugin":"exec","ageMs":)", "discovery works again"}) {
        EXPECT_THAT(shown.said, HasSubstr(words));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "lab")) << "the last command removes it";
}

TEST(ExecPage, ShowsAProgramInPython) {
    if (!has("python3")) GTEST_SKIP() << "needs python3";
    const Folder folder;
    const auto programs = blocks("discovery-exec.md", "python");
    ASSERT_EQ(programs.size(), 1U);
    write(folder / "peers.py", programs[0]);
    write(folder / "machines.json",
          R"([{"name": "1", "ip": "10.0.0.1", "roles": ["db", "electiond"]},
              {"name": "x", "ip": "10.0.0.9", "roles": []},
              {"name": "2", "ip": "10.0.0.2", "roles": ["electiond"]}])");
    const auto ask = [&](const std::string& name) {
        return run(
            {"/usr/bin/env", "python3", folder / "peers.py", "file://" + (folder / name).string()});
    };

    const auto good = ask("machines.json");
    EXPECT_EQ(good.code, 0);
    EXPECT_EQ(good.said,
              "{\"id\": \"1\", \"address\": \"10.0.0.1:7401\"}\n"
              "{\"id\": \"2\", \"address\": \"10.0.0.2:7401\"}\n");
    EXPECT_NE(ask("none").code, 0);
}

TEST(ExecPage, ShowsAProgramInGo) {
    const auto programs = blocks("discovery-exec.md", "go");
    ASSERT_EQ(programs.size(), 1U);
    if (!has("go")) GTEST_SKIP() << "needs go";
    const Folder folder;
    write(folder / "peers.go", programs[0]);
    const auto in_go = [&](const std::string& words) {
        return run({"/bin/sh", "-c", "cd \"$0\" && GOCACHE=$PWD/cache HOME=$PWD go " + words,
                    folder.path().string()},
                   std::chrono::seconds(140));
    };
    const auto built = in_go("build -o peers peers.go");
    ASSERT_EQ(built.code, 0) << built.said;

    const auto good = run({folder / "peers", "127.0.0.1"});
    EXPECT_EQ(good.code, 0);
    EXPECT_EQ(good.said, "{\"address\":\"127.0.0.1:7401\"}\n");
    EXPECT_NE(run({folder / "peers", "no-such-host.invalid"}).code, 0);
}

}  // namespace
}  // namespace electiond::cluster
