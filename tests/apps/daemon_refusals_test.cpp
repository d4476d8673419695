// Cases in which electiond must not run: it ends with the right exit code, and names the remedy.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstdlib>

#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(Electiond, RefusesADataDirectoryThatIsInUse) {
    DaemonScene scene;
    const auto running = scene.start_and_lead();
    scene.sections["api"] = scene.sections["transport"] = "{listen: \"127.0.0.1:0\"}";

    const auto finished = scene.run();

    EXPECT_EQ(finished.code, 65);
    EXPECT_THAT(finished.said, HasSubstr("pid " + std::to_string(running->pid())));
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 200);
}

// A node's data after it has led.
class UsedDataDirectory : public testing::Test {
  protected:
    void SetUp() override {
        const auto process = scene_.start_and_lead();
        process->signal(SIGTERM);
        ASSERT_EQ(process->wait(std::chrono::seconds(10)), 0) << scene_.log();
    }

    [[nodiscard]] std::vector<fs::path> state_files() const {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(scene_.folder / "data")) {
            if (entry.path().filename() != "lock") files.push_back(entry.path());
        }
        return files;
    }

    DaemonScene scene_;
};

TEST_F(UsedDataDirectory, IsRefusedToAnotherNode) {
    scene_.sections["node"] = "{id: \"2\", data_dir: data}";
    const auto finished = scene_.run();
    EXPECT_EQ(finished.code, 65);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("1"), HasSubstr("2"), HasSubstr("data")));
}

TEST_F(UsedDataDirectory, IsRefusedToAnotherCluster) {
    scene_.sections["cluster"] = "{name: other}";
    const auto finished = scene_.run();
    EXPECT_EQ(finished.code, 65);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("demo"), HasSubstr("other")));
}

TEST_F(UsedDataDirectory, IsRefusedWhereItsRecordIsGarbled) {
    ASSERT_FALSE(state_files().empty());
    for (const auto& file : state_files()) {
        cluster::write(file, std::string(fs::file_size(file), '#'));
    }
    EXPECT_EQ(scene_.run().code, 65);
}

TEST_F(UsedDataDirectory, IsRefusedWhereItsRecordIsEmpty) {
    for (const auto& file : state_files()) fs::resize_file(file, 0);
    EXPECT_EQ(scene_.run().code, 65);
}

TEST_F(UsedDataDirectory, IsRefusedWhereItsRecordIsGone) {
    for (const auto& file : state_files()) fs::remove(file);
    EXPECT_EQ(scene_.run().code, 65);
}

// A small disk of the test's own, at the data directory; false without the right to mount.
bool mount_small_disk(const fs::path& at, const char* options) {
    fs::create_directory(at);
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
}

TEST(Electiond, EndsWith74WhereTheDiskIsFull) {
    DaemonScene scene;
    const auto disk = scene.folder / "data";
    if (!mount_small_disk(disk, "size=64k,mode=0700")) GTEST_SKIP() << "needs root";
    const int filler = ::open((disk / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string page(4096, 'x');
    while (::write(filler, page.data(), page.size()) > 0) continue;
    ::close(filler);

    const auto finished = scene.run();
    EXPECT_EQ(finished.code, 74) << finished.said;

    fs::remove(disk / "filler");
    EXPECT_NE(scene.start_and_lead(), nullptr);  // no incomplete file prevents it
    ::umount2(disk.c_str(), MNT_DETACH);
}

TEST(Electiond, EndsWith74WhereTheDiskIsReadOnly) {
    DaemonScene scene;
    const auto disk = scene.folder / "data";
    if (!mount_small_disk(disk, "size=64k,mode=0700")) GTEST_SKIP() << "needs root";
    ASSERT_EQ(::mount("none", disk.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);

    const auto finished = scene.run();
    EXPECT_EQ(finished.code, 74) << finished.said;
    ::umount2(disk.c_str(), MNT_DETACH);
}

TEST(Electiond, EndsWith71WhereThePeersPortIsTaken) {
    DaemonScene scene;
    const auto running = scene.start_and_lead();
    scene.sections["node"] = "{id: \"2\", data_dir: other}";
    scene.sections["api"] = "{listen: \"127.0.0.1:0\"}";

    const auto finished = scene.run();

    EXPECT_EQ(finished.code, 71);
    EXPECT_THAT(finished.said, HasSubstr(std::to_string(scene.peer)));
}

TEST(Electiond, EndsWith71WhereTheApisPortIsTaken) {
    DaemonScene scene;
    const auto running = scene.start_and_lead();
    scene.sections["node"] = "{id: \"2\", data_dir: other}";
    scene.sections["transport"] = "{listen: \"127.0.0.1:0\"}";

    const auto finished = scene.run();

    EXPECT_EQ(finished.code, 71);
    EXPECT_THAT(finished.said, HasSubstr(std::to_string(scene.api)));
}

TEST(Electiond, TakesAnyFreePortWhereItsPortIsZero) {
    DaemonScene scene;
    scene.sections["api"] = scene.sections["transport"] = "{listen: \"127.0.0.1:0\"}";
    const auto process = scene.start();
    ASSERT_TRUE(scene.logs("takes part api=127.0.0.1:")) << scene.log();
    EXPECT_THAT(scene.log(), testing::Not(HasSubstr(":0 ")));
}

}  // namespace
}  // namespace electiond
