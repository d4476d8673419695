// electionctl plugin new: what it writes, and what it refuses to overwrite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plugin_scene.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(PluginNew, WritesAProjectOfOneSourceFile) {
    for (const std::string kind : {"discovery", "transport"}) {
        const Folder folder;
        const auto project = folder / "hosts_file";

        const auto finished = plugin({"new", "hosts_file", "--kind", kind, "--directory", project});

        EXPECT_EQ(finished.code, 0) << finished.said;
        EXPECT_THAT(finished.said, HasSubstr("the " + kind + " plugin hosts_file"));
        const auto source = read(project / "hosts_file.cpp");
        EXPECT_THAT(source, StartsWith("// The " + kind + " hosts_file: "));
        EXPECT_THAT(source, HasSubstr("class HostsFilePlugin final"));
        const auto cmake = read(project / "CMakeLists.txt");
        EXPECT_EQ(std::ranges::count(cmake, '\n'), 6) << cmake;
        EXPECT_THAT(cmake, HasSubstr("find_package(electiond "));
        EXPECT_THAT(read(project / "README.md"), HasSubstr("electionctl plugin check "));
        for (const auto& text : {source, cmake, read(project / "README.md")}) {
            EXPECT_THAT(text, Not(HasSubstr("@")));
        }
        EXPECT_EQ(std::distance(fs::directory_iterator(project), {}), 3);
    }
}

TEST(PluginNew, OverwritesNothing) {
    const Folder folder;
    write(folder / "precious", "text");

    const auto finished = plugin({"new", "mine", "--kind=discovery", "--directory", folder.path()});

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said, HasSubstr("already exists"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(PluginNew, RefusesNamesThatCannotBeUsed) {
    for (const auto* name : {"", "Mine", "1st", "my-plugin", "../x", "a b", "help"}) {
        const auto finished = plugin({"new", name, "--kind", "discovery"});
        EXPECT_EQ(finished.code, 64) << name << finished.said;
    }
    EXPECT_THAT(plugin({"new", "mine"}).said, HasSubstr("--kind: expected discovery or transport"));
}

}  // namespace
}  // namespace electiond::cluster
