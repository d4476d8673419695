// The folder is made, looked at, and held by one daemon alone.
#include "storage/data_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>

#include "scratch.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

Fault opening(const fs::path& folder) {
    return fault([&] { const DataDir opened(folder); });
}

TEST(DataDir, MakesTheFolderForItsOwnerAlone) {
    const Scratch scratch;

    const DataDir opened(scratch / "data/");

    EXPECT_EQ(fs::status(scratch / "data").permissions(), fs::perms::owner_all);
    EXPECT_FALSE(opened.used());
}

TEST(DataDir, DoesNotMakeItsParents) {
    const Scratch scratch;

    const auto found = opening(scratch / "typing/error");

    EXPECT_EQ(found.code, Error::config);
    EXPECT_THAT(found.line, AllOf(HasSubstr((scratch / "typing/error").string()),
                                  HasSubstr("cannot be created: No such file"),
                                  HasSubstr("correct node.data_dir")));
}

TEST(DataDir, RefusesAFileInItsPlace) {
    const Scratch scratch;
    replace(scratch / "data", "a file");

    EXPECT_EQ(opening(scratch / "data").code, Error::config);
    EXPECT_EQ(contents(scratch / "data"), "a file");
}

TEST(DataDir, RefusesAFolderThatEverybodyMayWriteTo) {
    const Scratch scratch;
    fs::create_directory(scratch / "data");
    fs::permissions(scratch / "data", fs::perms::all);

    const auto found = opening(scratch / "data");

    EXPECT_EQ(found.code, Error::config);
    EXPECT_THAT(found.line, HasSubstr("chmod 700"));
}

TEST(DataDir, SaysWhoElseMayEnterTheFolder) {
    const Scratch scratch;
    const auto folder = scratch / "data";
    const auto said = [&](fs::perms mode) {
        fs::permissions(folder, mode);
        return check_access(folder);
    };
    EXPECT_EQ(check_access(folder), "") << "it is not there yet";
    { const DataDir made(folder); }

    EXPECT_EQ(check_access(folder), "") << "it was made for its owner alone";
    EXPECT_EQ(said(fs::perms{0750}), "");
    EXPECT_THAT(said(fs::perms{0755}), AllOf(HasSubstr("node.data_dir (" + folder.string() +
                                                       ") is open to others (mode "
                                                       "0755): every user"),
                                             HasSubstr("chmod 700")));
    EXPECT_THAT(said(fs::perms{0770}), HasSubstr("its group may replace the files"));
    EXPECT_THAT(said(fs::perms{0701}), HasSubstr("(mode 0701)"));
    fs::permissions(folder, fs::perms::all);
    EXPECT_EQ(fault([&] { (void)check_access(folder); }).code, Error::config);
}

TEST(DataDir, RefusesAFolderThatItMayNotWriteTo) {
    const Scratch scratch;
    fs::create_directory(scratch / "data");
    constexpr uid_t kNobody = 65534;
    const bool root = ::geteuid() == 0;  // whom no mode stops
    ASSERT_EQ(::chmod((scratch / "").c_str(), 0755), 0);
    ASSERT_EQ(::chmod((scratch / "data").c_str(), 0555), 0);
    if (root) {
        ASSERT_EQ(::seteuid(kNobody), 0);
    }

    const auto found = opening(scratch / "data");

    if (root) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    ASSERT_EQ(::chmod((scratch / "data").c_str(), 0700), 0);
    EXPECT_EQ(found.code, Error::config);
    EXPECT_THAT(found.line, HasSubstr("Permission denied"));
}

TEST(DataDir, RefusesAFolderOfSomebodyElse) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    const Scratch scratch;
    fs::create_directory(scratch / "data");
    ASSERT_EQ(::chmod((scratch / "").c_str(), 0755), 0);
    ASSERT_EQ(::chown((scratch / "data").c_str(), 12345, 12345), 0);
    ASSERT_EQ(::chmod((scratch / "data").c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(65534), 0);

    const auto found = opening(scratch / "data");

    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(found.code, Error::config);
    EXPECT_THAT(found.line, AllOf(HasSubstr("belongs to uid 12345"), HasSubstr("as uid 65534")));
}

TEST(DataDir, SaysWhichProcessHoldsIt) {
    const Scratch scratch;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t other = ::fork();
    if (other == 0) {
        const DataDir held(scratch / "data");
        const bool told = ::write(ready[1], "x", 1) == 1;
        while (told) ::pause();
        ::_exit(1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);

    const auto found = opening(scratch / "data");

    EXPECT_EQ(found.code, Error::data);
    EXPECT_THAT(found.line, AllOf(HasSubstr((scratch / "data").string()),
                                  HasSubstr("another electiond, pid " + std::to_string(other))));
    ::kill(other, SIGKILL);
    ASSERT_EQ(::waitpid(other, nullptr, 0), other);
    EXPECT_EQ(opening(scratch / "data").line, "no error");  // the kernel has let go of it
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST(DataDir, IsHeldOnceInOneProcessToo) {
    const Scratch scratch;
    const DataDir held(scratch / "data");

    EXPECT_EQ(opening(scratch / "data").code, Error::data);
}

TEST(DataDir, RemembersThatANodeLivedHere) {
    const Scratch scratch;
    { DataDir(scratch / "data").mark_used(); }

    for (int start = 0; start < 3; ++start) EXPECT_TRUE(DataDir(scratch / "data").used());
}

// ---- what happens to the folder while the daemon runs

struct Harm {
    std::string name;
    std::function<void(const Scratch&)> act;
    std::string said;
};

class HarmedDataDir : public testing::TestWithParam<Harm> {};

TEST_P(HarmedDataDir, IsNoticed) {
    const Scratch scratch;
    const DataDir opened(scratch / "data");
    EXPECT_EQ(opened.check_identity(), "");

    GetParam().act(scratch);

    const auto found = fault([&] { (void)opened.check_identity(); });
    EXPECT_EQ(found.code, Error::disk);
    EXPECT_THAT(found.line, AllOf(HasSubstr((scratch / "data").string()),
                                  HasSubstr(GetParam().said), HasSubstr("Empty the whole")));
}

INSTANTIATE_TEST_SUITE_P(
    , HarmedDataDir,
    testing::Values(
        Harm{"Removed", [](const Scratch& scratch) { fs::remove_all(scratch / "data"); },
             "the data directory was removed"},
        Harm{"MovedAway",
             [](const Scratch& scratch) { fs::rename(scratch / "data", scratch / "old"); },
             "the data directory was removed or moved away"},
        Harm{"Replaced",
             [](const Scratch& scratch) {
                 fs::rename(scratch / "data", scratch / "old");
                 fs::copy(scratch / "old", scratch / "data");
             },
             "the data directory was replaced"},
        Harm{"WithoutLock", [](const Scratch& scratch) { fs::remove(scratch / "data/lock"); },
             "the file lock of the data directory was removed"},
        Harm{"WithItsLockMoved",
             [](const Scratch& scratch) {
                 fs::rename(scratch / "data/lock", scratch / "data/lock.old");
             },
             "the file lock of the data directory was moved away"},
        Harm{"WithAnotherLock",
             [](const Scratch& scratch) {
                 fs::rename(scratch / "data/lock", scratch / "data/lock.old");
                 replace(scratch / "data/lock", "1");
             },
             "the file lock of the data directory was replaced"}),
    [](const auto& its) { return its.param.name; });

// A mode that somebody changed is no proof of a loss: the node can still write what it has open.
TEST(DataDir, GoesOnIfItMayNoLongerLook) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    const Scratch scratch;
    ASSERT_EQ(::chmod((scratch / "").c_str(), 0755), 0);
    fs::create_directory(scratch / "above");
    const DataDir opened(scratch / "above/data");
    ASSERT_EQ(::chmod((scratch / "above").c_str(), 0700), 0);
    ASSERT_EQ(::seteuid(65534), 0);

    const auto trouble = opened.check_identity();

    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_THAT(trouble, AllOf(HasSubstr((scratch / "above/data").string()),
                               HasSubstr("Permission denied"), HasSubstr("directories above")));
    EXPECT_EQ(opened.check_identity(), "");
}

}  // namespace
}  // namespace electiond
