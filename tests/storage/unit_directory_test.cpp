// What a data directory outside of the unit's own is answered: the unit's, and no way to use it.
#include "storage/unit_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "scratch.h"
#include "storage/data_dir.h"
#include "storage/data_dir_check.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class UnitDirectory : public testing::Test {
  protected:
    void SetUp() override { ::unsetenv("STATE_DIRECTORY"); }
    void TearDown() override { ::unsetenv("STATE_DIRECTORY"); }
    static void state_directory(const std::string& paths) {
        ASSERT_EQ(::setenv("STATE_DIRECTORY", paths.c_str(), 1), 0);
    }
    const Scratch scratch_;
};

TEST_F(UnitDirectory, IsNamedForAFolderOutsideOfIt) {
    EXPECT_EQ(unit_directory_remedy("/var/lib/electiond-two", EROFS), "") << "no unit";
    state_directory("/var/lib/electiond-three");
    EXPECT_EQ(unit_directory_remedy("/var/lib/electiond-two", EACCES),
              "this unit's directory is /var/lib/electiond-three: set node.data_dir to it");
    EXPECT_EQ(unit_directory_remedy("/var/lib/electiond-two", EROFS),
              "this unit's directory is /var/lib/electiond-three: set node.data_dir to it, or, if "
              "a drop-in already lets this unit write to /var/lib/electiond-two, mount that file "
              "system for writing");
    EXPECT_NE(unit_directory_remedy("/var/lib/electiond-three-old", EROFS), "");
    EXPECT_NE(unit_directory_remedy("/var/lib/electiond-three/../two", EROFS), "");
}

TEST_F(UnitDirectory, HasNothingToSayOfAFolderWithinIt) {
    state_directory("/var/lib/electiond-three:/var/lib/more");
    EXPECT_EQ(unit_directory_remedy("/var/lib/electiond-three", EROFS), "");
    EXPECT_EQ(unit_directory_remedy("/var/lib/electiond-three/", EROFS), "");
    EXPECT_EQ(unit_directory_remedy("/var/lib/more/node", EROFS), "");
    EXPECT_THAT(unit_directory_remedy("/srv/node", EACCES),
                HasSubstr("is /var/lib/electiond-three: set"));

    fs::create_directory(scratch_ / "private");
    fs::create_symlink(scratch_ / "private", scratch_ / "public");
    state_directory((scratch_ / "private").string());
    EXPECT_EQ(unit_directory_remedy(scratch_ / "public", EROFS), "");
}

TEST_F(UnitDirectory, IsWhatAStartAndACheckName) {
    state_directory("/var/lib/electiond-three");
    const auto folder = scratch_ / "typing/error";
    const auto remedy =
        "; this unit's directory is /var/lib/electiond-three: set node.data_dir to it";

    const auto start = fault([&] { const DataDir opened(folder); });
    EXPECT_EQ(start.code, Error::config);
    EXPECT_THAT(start.line, AllOf(HasSubstr("cannot be created: No such file"), EndsWith(remedy)));
    EXPECT_THAT(review_data_dir(folder, NodeId("n1"), "demo").faults,
                ElementsAre(AllOf(EndsWith(remedy), Not(HasSubstr("ReadWritePaths")))));
}

// A check by ExecReload= of an instance whose configuration was copied.
TEST_F(UnitDirectory, IsNamedByACheckInsteadOfAnotherStateDirectory) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    state_directory("/var/lib/electiond-three");
    ASSERT_EQ(::seteuid(65534), 0);
    const auto found = review_data_dir("/var/lib/no-such-electiond", NodeId("n1"), "demo");
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_THAT(found.faults, ElementsAre(HasSubstr("is /var/lib/electiond-three: set")));
    EXPECT_TRUE(found.warnings.empty());
}

}  // namespace
}  // namespace electiond
