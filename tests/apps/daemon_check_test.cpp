// electiond --check: faults outside the configuration file; and it changes nothing.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// Each file with mode, inode, size, times.
std::map<std::string, std::string> snapshot(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        struct stat facts {};
        EXPECT_EQ(::lstat(entry.path().c_str(), &facts), 0);
        all[entry.path().string()] =
            std::to_string(facts.st_mode) + " " + std::to_string(facts.st_ino) + " " +
            std::to_string(facts.st_size) + " " + std::to_string(facts.st_mtim.tv_sec) + "." +
            std::to_string(facts.st_mtim.tv_nsec) + " " + std::to_string(facts.st_ctim.tv_nsec);
    }
    return all;
}

class Check : public testing::Test {
  protected:
    // Runs --check; nothing below the scene's folder may change, whatever the result.
    [[nodiscard]] cluster::Finished check(const std::vector<std::string>& more = {}) {
        scene_.write_config();
        auto words =
            std::vector<std::string>{ELECTIOND, "--check", "--config", scene_.config().string()};
        words.insert(words.end(), more.begin(), more.end());
        const auto before = snapshot(scene_.folder.path());
        auto finished = cluster::run(words);
        EXPECT_EQ(snapshot(scene_.folder.path()), before) << finished.said;
        return finished;
    }
    void expect_fault(const std::string& words) {
        const auto finished = check();
        EXPECT_EQ(finished.code, 78) << finished.said;
        EXPECT_THAT(finished.said, AllOf(HasSubstr(words), Not(HasSubstr("no fault found"))));
    }
    void expect_warning(const std::string& words) {
        const auto finished = check();
        EXPECT_EQ(finished.code, 0) << finished.said;
        EXPECT_THAT(finished.said, AllOf(HasSubstr("electiond: warning: "), HasSubstr(words)));
    }
    [[nodiscard]] std::string in_folder(const std::string& name) const {
        return (scene_.folder / name).string();
    }

    DaemonScene scene_;
};

TEST_F(Check, ChangesNothingWhereNothingIsYet) {
    const auto finished = check();
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_EQ(snapshot(scene_.folder.path()).size(), 1U);  // the configuration
}

TEST_F(Check, ChangesNothingAfterARun) {
    {
        const auto running = scene_.start_and_lead();
        running->signal(SIGTERM);
        ASSERT_EQ(running->wait(std::chrono::seconds(10)), 0) << scene_.log();
    }
    const auto finished = check();
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, Not(HasSubstr("warning")));
}

TEST_F(Check, NamesADataDirectoryThatIsAFile) {
    cluster::write(scene_.folder / "data", "");
    expect_fault(in_folder("data") + ": the data directory is not a directory");
}

TEST_F(Check, NamesADataDirectoryInProc) {
    scene_.sections["node"] = "{id: \"1\", data_dir: /proc/electiond}";
    expect_fault("/proc/electiond: the data directory does not exist and cannot be created");
}

TEST_F(Check, NamesADataDirectoryOfAnotherNode) {
    {
        const auto running = scene_.start_and_lead();
        running->signal(SIGTERM);
        ASSERT_EQ(running->wait(std::chrono::seconds(10)), 0) << scene_.log();
    }
    scene_.sections["node"] = "{id: \"2\", data_dir: data}";
    expect_fault("belongs to node \"1\"");
}

TEST_F(Check, NamesARegistryWithoutItsFolder) {
    scene_.sections["discovery"] = "[{plugin: file_registry, path: shared/cluster.json}]";
    const auto finished = check();
    EXPECT_EQ(finished.code, 78) << finished.said;
    EXPECT_THAT(
        finished.said,
        ContainsRegex(
            "node\\.yaml:[0-9]+:[0-9]+: discovery\\[0\\]\\.path is \".*shared/cluster\\.json\", "
            "but its directory .*/shared does not exist; create it"));
}

TEST_F(Check, NamesARegistryThatIsAFolder) {
    fs::create_directory(scene_.folder / "cluster.json");
    expect_fault("but it is a directory");
}

TEST_F(Check, NamesAnInterfaceThatIsNotThere) {
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: multicast, interface: eth99}]";
    expect_fault("discovery[1].interface is eth99, but this machine does not have this interface");
}

TEST_F(Check, WarnsOfAListThatGivesThisNodeAnotherAddress) {
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json},"
        " {plugin: static_list, peers: {\"1\": \"127.0.0.9:1\"}}]";
    expect_warning("discovery[1].peers gives this node, \"1\", the address 127.0.0.9:1");
}

TEST_F(Check, NamesASocketThatCannotBeMade) {
    const auto listen = [&](const std::string& path) {
        scene_.sections["api"] = "{listen: \"unix:" + path + "\"}";
    };
    listen(in_folder("no/api.sock"));
    expect_fault("node.yaml:1: api.listen (unix:" + in_folder("no/api.sock") + "): its directory " +
                 in_folder("no") + " does not exist; create it");
    listen(in_folder("api.sock"));
    EXPECT_EQ(check().code, 0);
    cluster::write(scene_.folder / "api.sock", "");
    expect_fault("this path exists, but is not a socket");
}

// The folder that RuntimeDirectory= of a unit creates at its start.
TEST_F(Check, OnlyWarnsOfAFolderThatSystemdWouldMake) {
    scene_.sections["api"] = "{listen: \"unix:/run/no-such-electiond/api.sock\"}";
    expect_warning("RuntimeDirectory=no-such-electiond");
}

TEST_F(Check, SaysHowASocketGetsItsGroupUnderTheUnits) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, which may set every group";
    ::unsetenv("INVOCATION_ID");
    ::unsetenv("NOTIFY_SOCKET");
    scene_.sections["api"] =
        "{listen: \"unix:" + in_folder("api.sock") + "\", socket_group: daemon}";
    expect_warning(
        "api.socket_group is \"daemon\", but the shipped systemd units do not let the daemon "
        "change the group of a file; if one of them runs it, remove the key, and set Group=daemon "
        "and SupplementaryGroups=electiond in a drop-in");

    ::setenv("INVOCATION_ID", "0123456789abcdef0123456789abcdef", 1);
    const auto in_unit = check();
    ::unsetenv("INVOCATION_ID");
    EXPECT_EQ(in_unit.code, 0) << in_unit.said;
    EXPECT_THAT(in_unit.said, Not(HasSubstr("socket_group")));
}

// All faults at once, together with those of the file.
TEST_F(Check, NamesEverythingAtOnce) {
    cluster::write(scene_.folder / "data", "");
    fs::create_directory(scene_.folder / "cluster.json");
    scene_.sections["api"] = "{listen: \"unix:" + in_folder("no/api.sock") + "\"}";
    scene_.sections["log"] = "{level: loud}";
    scene_.sections["transport"] = "{plugin: pigeon}";
    const auto finished = check();
    EXPECT_EQ(finished.code, 78);
    for (const auto* words :
         {"is not a directory", "it is a directory", "no/api.sock", "loud", "pigeon"}) {
        EXPECT_THAT(finished.said, HasSubstr(words));
    }
}

TEST_F(Check, FindsNoFaultInADirectoryThatADaemonUses) {
    const auto running = scene_.start_and_lead();
    const auto finished = scene_.run({"--check"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, Not(HasSubstr("warning")));
    EXPECT_EQ(cluster::ask(scene_.api, "GET", "/leader").code, 200);
}

// The reference file names the folder that must be created.
TEST(CheckOfTheReference, SaysWhatIsMissing) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount";
    const auto run = [](const std::string& made) {
        return cluster::run(
            {"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
             "mount -t tmpfs none /var/lib && " + made + " exec $0 --check --config $1", ELECTIOND,
             std::string(ELECTIOND_CONFIG_DIR) + "/node.yaml"});
    };
    const auto without = run("");
    EXPECT_EQ(without.code, 78) << without.said;
    EXPECT_THAT(without.said,
                HasSubstr("its directory /var/lib/electiond-registry does not exist"));
    const auto with = run("mkdir /var/lib/electiond-registry;");
    EXPECT_EQ(with.code, 0) << with.said;
}

}  // namespace
}  // namespace electiond
