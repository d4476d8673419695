// What --check says of a data directory: all that a start would refuse, and it changes nothing.
#include "storage/data_dir_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "scratch.h"
#include "storage/durable_file.h"
#include "storage/slot.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr uid_t kNobody = 65534;

// Name -> mode, owner, inode, size, times and content of all that is in `folder`.
std::map<std::string, std::string> snapshot(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        struct stat facts {};
        EXPECT_EQ(::lstat(entry.path().c_str(), &facts), 0);
        std::string text;
        for (const auto number :
             {std::int64_t{facts.st_mode}, std::int64_t{facts.st_uid},
              static_cast<std::int64_t>(facts.st_ino), std::int64_t{facts.st_size},
              std::int64_t{facts.st_mtim.tv_sec}, std::int64_t{facts.st_mtim.tv_nsec},
              std::int64_t{facts.st_ctim.tv_nsec}}) {
            text += std::to_string(number) + " ";
        }
        all[entry.path().string()] = text + (S_ISREG(facts.st_mode) ? contents(entry.path()) : "");
    }
    return all;
}

class DataDirCheck : public testing::Test {
  protected:
    [[nodiscard]] DataDirReview review(const fs::path& folder,
                                       const std::string& node = "n1") const {
        const auto before = snapshot(scratch_ / "");
        auto found = review_data_dir(folder, NodeId(node), "demo");
        EXPECT_EQ(snapshot(scratch_ / ""), before);
        return found;
    }
    [[nodiscard]] std::vector<std::string> faults(const fs::path& folder,
                                                  const std::string& node = "n1") const {
        return review(folder, node).faults;
    }
    // As another user, who owns nothing here.
    [[nodiscard]] DataDirReview review_as_nobody(const fs::path& folder) const {
        EXPECT_EQ(::seteuid(kNobody), 0);
        auto found = review_data_dir(folder, NodeId("n1"), "demo");
        EXPECT_EQ(::seteuid(0), 0);
        return found;
    }
    void use() const {
        DataDir folder(data_);
        DurableFile file(folder, NodeId("n1"), "demo", Log{});
        EXPECT_EQ(file.load(), std::nullopt);
        Durable record;
        record.uuid = NodeUuid("u1");
        record.node_id = NodeId("n1");
        record.cluster_name = "demo";
        file.save(record);
        file.sync_twin();
    }

    const Scratch scratch_;
    const fs::path data_ = scratch_ / "data";
    const fs::path state_ = data_ / "state";
};

TEST_F(DataDirCheck, FindsNothingWhereItCanBeMadeOrIsInUse) {
    EXPECT_THAT(faults(data_), IsEmpty());
    EXPECT_FALSE(fs::exists(data_));
    use();
    EXPECT_THAT(faults(data_), IsEmpty());
    EXPECT_THAT(faults(data_ / ""), IsEmpty());

    const DataDir running(data_);
    EXPECT_THAT(review(data_).warnings, IsEmpty());
    EXPECT_THAT(faults(data_), IsEmpty());
}

TEST_F(DataDirCheck, NamesWhatIsNoFolder) {
    replace(data_, "a file");
    EXPECT_THAT(
        faults(data_),
        ElementsAre(AllOf(StartsWith(data_.string() + ": the data directory is not a directory"),
                          HasSubstr("node.data_dir"))));
    EXPECT_THAT(faults(data_ / "below"), ElementsAre(HasSubstr("cannot be examined")));

    fs::create_symlink(scratch_ / "nowhere", scratch_ / "link");
    EXPECT_THAT(faults(scratch_ / "link"),
                ElementsAre(HasSubstr("a symbolic link whose target does not exist")));
}

TEST_F(DataDirCheck, NamesAParentThatIsNotThere) {
    EXPECT_THAT(
        faults(scratch_ / "typing/error"),
        ElementsAre(AllOf(HasSubstr("cannot be created in " + (scratch_ / "typing").string()),
                          HasSubstr("does not exist; create it"))));
}

TEST_F(DataDirCheck, NamesViewsOfTheKernel) {
    for (const std::string folder : {"/proc/electiond", "/sys/electiond", "/proc"}) {
        EXPECT_THAT(faults(folder),
                    ElementsAre(HasSubstr("a file system of the kernel that stores no files")));
    }
}

TEST_F(DataDirCheck, AsksAsTheUserThatRunsIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    ASSERT_EQ(::chmod((scratch_ / "").c_str(), 0755), 0);
    EXPECT_THAT(review_as_nobody(data_).faults,
                ElementsAre(HasSubstr("does not exist and cannot be created")));

    use();
    ASSERT_EQ(::chmod(data_.c_str(), 0755), 0);
    EXPECT_THAT(review_as_nobody(data_).faults,
                ElementsAre(HasSubstr("cannot be written: Permission denied")));

    ASSERT_EQ(::chown(data_.c_str(), 12345, 12345), 0);
    EXPECT_THAT(review_as_nobody(data_).faults,
                ElementsAre(AllOf(HasSubstr("belongs to uid 12345"), HasSubstr("nobody"))));
    EXPECT_THAT(review(data_).warnings,
                ElementsAre(AllOf(HasSubstr("belongs to uid 12345"), HasSubstr("as root"))));

    ASSERT_EQ(::chown(data_.c_str(), kNobody, kNobody), 0);  // its files are still root's
    EXPECT_THAT(review_as_nobody(data_).faults,
                ElementsAre(HasSubstr("lock: cannot be opened: Permission denied"),
                            HasSubstr("state: cannot be opened: Permission denied")));
}

// What StateDirectory= of a unit makes at its start.
TEST_F(DataDirCheck, OnlyWarnsOfWhatSystemdWouldMake) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    const auto found = review_as_nobody("/var/lib/no-such-electiond");
    EXPECT_THAT(found.faults, IsEmpty());
    EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("StateDirectory=no-such-electiond")));
}

TEST_F(DataDirCheck, NamesAStateThatIsNotOurs) {
    use();
    EXPECT_THAT(
        faults(data_, "n2"),
        ElementsAre(AllOf(StartsWith(state_.string() + ": it belongs to node \"n1\""),
                          HasSubstr("say node \"n2\" of cluster \"demo\"; correct node.id, "
                                    "cluster.name or node.data_dir; "
                                    "if they are right and no other node uses this directory, "
                                    "empty it whole: the node then comes back as a new member"))));
}

TEST_F(DataDirCheck, NamesAStateThatCannotBeRead) {
    use();
    const auto whole = contents(state_);
    const auto later = encode_slot({2, 9, "{}"});

    for (const auto& [file, words] : std::map<std::string, std::string>{
             {std::string(2 * kSlotSize, '#'), "neither of its two copies"},
             {whole + "x", "but has 16385"},
             {whole.substr(0, kSlotSize) + later, "a newer electiond: it has format 2"},
             {encode_slot({1, 9, "{}"}) + whole.substr(kSlotSize), "malformed"}}) {
        replace(state_, file);
        EXPECT_THAT(faults(data_),
                    ElementsAre(AllOf(HasSubstr(words), HasSubstr("the whole data directory"))));
    }
    replace(state_, whole.substr(0, kSlotSize) + std::string(kSlotSize, '#'));
    EXPECT_THAT(faults(data_), IsEmpty());  // a start mends it

    fs::remove(state_);
    EXPECT_THAT(faults(data_), ElementsAre(HasSubstr("is gone, but a node has already used")));
    fs::create_directory(state_);
    EXPECT_THAT(faults(data_), ElementsAre(HasSubstr("cannot be opened")));
}

}  // namespace
}  // namespace electiond
