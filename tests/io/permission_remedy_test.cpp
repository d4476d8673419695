// The commands that messages advise for files that may not be read, or that everyone may read.
#include <io/permission_remedy.h>

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scene.h"

namespace electiond::io {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr uid_t kUser = 54321;  // nobody's: their names are numbers
constexpr gid_t kGroup = 54322;

// As a user and a group that own nothing, without further groups, for one block.
class Stranger {
  public:
    Stranger() : groups_(static_cast<std::size_t>(::getgroups(0, nullptr))) {
        EXPECT_GE(::getgroups(static_cast<int>(groups_.size()), groups_.data()), 0);
        EXPECT_EQ(::setgroups(0, nullptr), 0);
        EXPECT_EQ(::setegid(kGroup), 0);
        EXPECT_EQ(::seteuid(kUser), 0);
    }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    ~Stranger() {
        EXPECT_EQ(::seteuid(0), 0);
        EXPECT_EQ(::setegid(0), 0);
        EXPECT_EQ(::setgroups(groups_.size(), groups_.data()), 0);
    }

  private:
    std::vector<gid_t> groups_;
};

class PermissionRemedy : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
        ASSERT_EQ(::chmod((folder / "").c_str(), 0755), 0);
        file = write("token");
    }
    std::filesystem::path write(const std::string& name) const {
        std::ofstream(folder / name) << "sesame\n";
        EXPECT_EQ(::chmod((folder / name).c_str(), 0600), 0);
        return folder / name;
    }
    static std::string to_read(const std::filesystem::path& path) {
        const Stranger stranger;
        return read_permission_remedy(path);
    }
    static std::string to_hide(const std::filesystem::path& path) {
        const Stranger stranger;
        return private_mode_remedy(path);
    }

    scene::Folder folder;
    std::filesystem::path file;
};

TEST_F(PermissionRemedy, NamesOwnerModeAndTheCommandsForAFileOfRoot) {
    EXPECT_EQ(to_read(file),
              "it belongs to root, group root, mode 0600; to let user 54321 read "
              "it: chgrp 54322 " +
                  file.string() + " && chmod 0640 " + file.string());
    ASSERT_EQ(::chown(file.c_str(), 0, kGroup), 0);
    EXPECT_EQ(to_read(file),
              "it belongs to root, group 54322, mode 0600; to let user 54321 read "
              "it: chmod 0640 " +
                  file.string());
    ASSERT_EQ(::chown(file.c_str(), kUser, 0), 0);
    ASSERT_EQ(::chmod(file.c_str(), 0200), 0);
    EXPECT_EQ(to_read(file),
              "it belongs to 54321, group root, mode 0200; to let user 54321 read "
              "it: chmod 0600 " +
                  file.string());
}

TEST_F(PermissionRemedy, QuotesAPathForTheShell) {
    EXPECT_THAT(to_read(write("a token")),
                HasSubstr(" && chmod 0640 '" + (folder / "a token'").string()));
}

TEST_F(PermissionRemedy, NamesTheDirectoryThatMayNotBeEntered) {
    const auto closed = folder / "closed";
    std::filesystem::create_directory(closed);
    ASSERT_EQ(::chmod(closed.c_str(), 0700), 0);
    EXPECT_EQ(to_read(closed / "below" / "key"),
              "the directory " + closed.string() +
                  " belongs to root, group root, mode 0700; to let user 54321 enter it: chgrp "
                  "54322 " +
                  closed.string() + " && chmod g+x " + closed.string());
}

TEST_F(PermissionRemedy, LooksBeyondAModeThatAllowsIt) {
    ASSERT_EQ(::chmod(file.c_str(), 0604), 0);
    EXPECT_THAT(to_read(file), HasSubstr("mode 0604; its mode allows it, so an access list"));
}

// 0600 would take a file of root from the daemon.
TEST_F(PermissionRemedy, HidesAFileWithoutTakingItFromItsReader) {
    EXPECT_EQ(to_hide(file), "chgrp 54322 " + file.string() + " && chmod 0640 " + file.string());
    ASSERT_EQ(::chown(file.c_str(), 0, kGroup), 0);
    EXPECT_EQ(to_hide(file), "chmod 0640 " + file.string());
    ASSERT_EQ(::chown(file.c_str(), kUser, 0), 0);
    EXPECT_EQ(to_hide(file), "chmod 0600 " + file.string());
    EXPECT_EQ(private_mode_remedy(file), "chmod 0640 " + file.string());
    ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
    EXPECT_THAT(private_mode_remedy(file), StartsWith("chmod 0600 " + file.string() + ", or, if"));
}

}  // namespace
}  // namespace electiond::io
