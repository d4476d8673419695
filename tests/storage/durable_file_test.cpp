// The record survives torn writes and flipped bits; what cannot be trusted is refused.
#include "storage/durable_file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "scratch.h"
#include "storage/record.h"
#include "storage/slot.h"

namespace {
bool sync_fails = false;
std::vector<std::string> synced;  // the names, in this order
}  // namespace

extern "C" int fsync(int file) {
    std::string path(4096, '\0');
    const auto link = "/proc/self/fd/" + std::to_string(file);
    path.resize(static_cast<std::size_t>(
        std::max<ssize_t>(::readlink(link.c_str(), path.data(), path.size()), 0)));
    synced.push_back(std::filesystem::path(path).filename());
    return static_cast<int>(::syscall(SYS_fsync, file));
}

// In place of the C library's: a disk that fails when it is told to.
extern "C" int fdatasync(int file) {
    if (sync_fails) {
        errno = EIO;
        return -1;
    }
    synced.emplace_back("data of a file");
    return static_cast<int>(::syscall(SYS_fdatasync, file));
}

namespace electiond {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

const Durable kFirst = record_with_vote(6, "u1");
const Durable kSecond = record_with_vote(7, "u2");
const Durable kThird = record_with_vote(8, "u1");

// One life of a daemon: the folder held, the file loaded.
struct Life {
    explicit Life(const fs::path& path, const std::string& node = "n1",
                  const std::string& cluster = "demo")
        : folder(path),
          file(folder, NodeId(node), cluster,
               Log([this](const LogLine& line) { log += line.to_string() + '\n'; })),
          found(file.load()) {}

    std::string log;
    DataDir folder;
    DurableFile file;
    std::optional<Durable> found;
};

class DurableFileTest : public testing::Test {
  protected:
    DurableFileTest() { ::signal(SIGXFSZ, SIG_IGN); }
    ~DurableFileTest() override { sync_fails = false; }

    // The file as two lives leave it that saved kFirst and then kSecond, before they sync the twin
    // slot.
    std::string unsettled() {
        Life life(data_);
        life.file.save(kFirst);
        life.file.sync_twin();
        life.file.save(kSecond);
        return contents(state_);
    }
    std::string settled() {
        Life life(data_);
        life.file.save(kFirst);
        life.file.save(kSecond);
        life.file.sync_twin();
        return contents(state_);
    }
    std::optional<Durable> loaded() { return Life(data_).found; }
    void expect_refused(const std::string& words, int code = Error::data) {
        const auto before = contents(state_);
        const auto found = fault([&] { (void)loaded(); });
        EXPECT_EQ(found.code, code) << found.line;
        EXPECT_THAT(found.line, AllOf(HasSubstr(state_.string() + ": "), HasSubstr(words)));
        EXPECT_EQ(contents(state_), before);  // evidence is not destroyed
        // An older copy may have forgotten a vote: nobody is told to look for one.
        EXPECT_THAT(found.line, Not(ContainsRegex("restore|bring back|put .* back|undamaged")));
    }

    const Scratch scratch_;
    const fs::path data_ = scratch_ / "data";
    const fs::path state_ = data_ / "state";
};

std::string first(const std::string& file) { return file.substr(0, kSlotSize); }
std::string second(const std::string& file) { return file.substr(kSlotSize); }

TEST_F(DurableFileTest, IsBlankWhereNothingWasEverSaved) {
    EXPECT_EQ(loaded(), std::nullopt);
    EXPECT_EQ(loaded(), std::nullopt);  // a start alone leaves nothing behind
    EXPECT_FALSE(fs::exists(state_));
}

TEST_F(DurableFileTest, GivesBackTheNewestRecord) {
    {
        Life life(data_);
        life.file.save(kFirst);
        EXPECT_EQ(fs::file_size(state_), 2 * kSlotSize);
        EXPECT_EQ(fs::status(state_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    EXPECT_EQ(loaded(), kFirst);
    {
        Life life(data_);
        life.file.save(kSecond);
        life.file.sync_twin();
        life.file.save(kThird);
    }
    EXPECT_EQ(loaded(), kThird);
    {
        Life life(data_);
        for (const auto& record : {kFirst, kSecond, kThird, kSecond}) life.file.save(record);
    }
    EXPECT_EQ(loaded(), kSecond);
}

TEST_F(DurableFileTest, KeepsTheLargestRecord) {
    {
        Life life(data_);
        life.file.save(largest_record());
    }
    EXPECT_EQ(loaded(), largest_record());
}

TEST_F(DurableFileTest, HasTwoEqualCopiesAtRest) {
    const auto file = settled();
    EXPECT_EQ(first(file), second(file));

    replace(state_, unsettled());
    (void)loaded();
    EXPECT_EQ(first(contents(state_)), second(contents(state_)));
}

TEST_F(DurableFileTest, OverwritesTheOlderCopyAlone) {
    Life life(data_);
    life.file.save(kFirst);
    const auto before = contents(state_);

    life.file.save(kSecond);

    const auto after = contents(state_);
    EXPECT_EQ((first(before) == first(after)) + (second(before) == second(after)), 1);
}

TEST_F(DurableFileTest, FallsBackToTheTwinOfATornSave) {
    const auto after = unsettled();
    const bool in_first = decode_slot(first(after))->save == 2;
    const auto before = in_first ? second(after) + second(after) : first(after) + first(after);
    const auto written = in_first ? first(after) : second(after);

    for (std::size_t torn = 0; torn < kSlotSize; torn += torn < 600 ? 7 : 512) {
        const auto slot = written.substr(0, torn) + before.substr(torn, kSlotSize - torn);
        replace(state_, in_first ? slot + second(before) : first(before) + slot);

        EXPECT_EQ(loaded(), slot == written ? kSecond : kFirst) << torn;
        EXPECT_EQ(first(contents(state_)), second(contents(state_))) << torn;
    }
}

TEST_F(DurableFileTest, TakesTheSaveWhoseSettleWasTorn) {
    const auto file = unsettled();
    const auto newest = decode_slot(first(file))->save == 2 ? first(file) : second(file);
    const auto oldest = newest == first(file) ? second(file) : first(file);

    for (const std::size_t torn : {1, 30, 60, 100, 200, 400}) {
        const auto slot = newest.substr(0, torn) + oldest.substr(torn);
        replace(state_, newest == first(file) ? newest + slot : slot + newest);

        EXPECT_EQ(loaded(), kSecond) << torn;
    }
}

TEST_F(DurableFileTest, MendsADamagedCopyFromItsTwinAndSaysSo) {
    const auto whole = settled();

    for (const std::size_t at : {0UL, 20UL, 100UL, 5000UL, kSlotSize - 1, kSlotSize, kSlotSize + 20,
                                 kSlotSize + 100, 2 * kSlotSize - 1}) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        replace(state_, damaged);

        const Life life(data_);

        EXPECT_EQ(life.found, kSecond) << at;
        EXPECT_THAT(life.log, AllOf(HasSubstr("repaired"),
                                    HasSubstr("copy=" + std::to_string(at / kSlotSize))));
        EXPECT_EQ(contents(state_), whole) << at;
    }
}

TEST_F(DurableFileTest, RefusesTwoDamagedCopies) {
    auto damaged = settled();
    damaged[100] ^= 1;
    damaged[kSlotSize + 7000] ^= 1;
    replace(state_, damaged);

    expect_refused("neither of its two copies of the record can be read");
}

TEST_F(DurableFileTest, RefusesAFileOfAnotherLength) {
    const auto whole = settled();

    for (const std::size_t size : {0UL, 1UL, kSlotSize, 2 * kSlotSize - 1}) {
        replace(state_, whole.substr(0, size));
        expect_refused("but has " + std::to_string(size));
    }
    replace(state_, whole + "x");
    expect_refused("but has 16385");
    replace(state_, std::string(2 * kSlotSize, '\0'));
    expect_refused("neither of its two copies");
}

TEST_F(DurableFileTest, RefusesAnotherNodesRecord) {
    (void)settled();

    for (const auto& [node, cluster] : {std::pair{"n2", "demo"}, {"n1", "prod"}}) {
        const auto found = fault([&] { const Life life(data_, node, cluster); });
        EXPECT_EQ(found.code, Error::data);
        EXPECT_THAT(found.line, AllOf(HasSubstr("belongs to node \"n1\" of cluster \"demo\""),
                                      HasSubstr("say node \"" + std::string(node) + "\" of")));
    }
}

TEST_F(DurableFileTest, RefusesALaterFormatEvenInOneCopy) {
    const auto whole = settled();
    const auto later = encode_slot({2, 9, R"({"new":"things"})"});

    for (const auto& file : {later + later, first(whole) + later, later + second(whole)}) {
        replace(state_, file);
        expect_refused("was written by a newer electiond: it has format 2, this electiond reads 1");
        expect_refused("; start that version again, or empty the whole data directory");
    }
}

TEST_F(DurableFileTest, CallsAnEarlierFormatOlder) {
    (void)settled();
    const auto earlier = encode_slot({0, 9, "{}"});
    replace(state_, earlier + earlier);
    expect_refused("was written by an older electiond: it has format 0, this electiond reads 1");
}

TEST_F(DurableFileTest, RefusesAWholeCopyThatHoldsNoRecord) {
    (void)settled();
    const auto strange = encode_slot({1, 9, R"({"uuid":"u"})"});

    replace(state_, strange + strange);

    expect_refused("the record is malformed");
    expect_refused("; if another version of electiond wrote it, start that version again, else");
}

TEST_F(DurableFileTest, RefusesTwoRecordsOfOneNumber) {
    (void)settled();

    replace(state_,
            encode_slot({1, 9, write_record(kFirst)}) + encode_slot({1, 9, write_record(kSecond)}));

    expect_refused("same number but hold different records");
}

TEST_F(DurableFileTest, NeverStartsBlankWhereANodeHasLived) {
    (void)settled();
    fs::remove(state_);

    const auto found = fault([&] { (void)loaded(); });

    EXPECT_EQ(found.code, Error::data);
    EXPECT_THAT(found.line, HasSubstr("is gone, but a node has already used this data directory; "
                                      "empty the whole data directory"));
    EXPECT_FALSE(fs::exists(state_));
}

TEST_F(DurableFileTest, StartsAnewInAnEmptiedFolder) {
    (void)settled();
    for (const auto& entry : fs::directory_iterator(data_)) fs::remove(entry.path());

    EXPECT_EQ(loaded(), std::nullopt);
}

TEST_F(DurableFileTest, RefusesAStateThatIsNoPlainFile) {
    (void)settled();
    fs::rename(state_, scratch_ / "elsewhere");

    fs::create_symlink(scratch_ / "elsewhere", state_);
    expect_refused("cannot be opened");
    fs::remove(state_);
    fs::create_directory(state_);
    EXPECT_THAT(fault([&] { (void)loaded(); }).line, HasSubstr("cannot be opened: Is a directory"));
    fs::remove(state_);
    ASSERT_EQ(::mkfifo(state_.c_str(), 0600), 0);
    EXPECT_THAT(fault([&] { (void)loaded(); }).line, HasSubstr("is not a plain file"));
}

TEST_F(DurableFileTest, RemovesAFirstRecordThatWasNeverFinished) {
    fs::create_directory(data_);
    replace(data_ / "state.new", "electiond-state format=1 sa");
    Life life(data_);

    EXPECT_EQ(life.found, std::nullopt);
    EXPECT_FALSE(fs::exists(data_ / "state.new"));
    life.file.save(kFirst);
    EXPECT_FALSE(fs::exists(data_ / "state.new"));
    EXPECT_TRUE(fs::exists(state_));
}

TEST_F(DurableFileTest, WritesNothingAnyMoreAfterAFailedSync) {
    {
        Life life(data_);
        life.file.save(kFirst);
        life.file.sync_twin();
        sync_fails = true;
        const auto found = fault([&] { life.file.save(kSecond); });
        EXPECT_EQ(found.code, Error::disk);
        EXPECT_THAT(found.line, AllOf(HasSubstr(state_.string()), HasSubstr("Input/output error"),
                                      HasSubstr("must not vote")));
        sync_fails = false;
        const auto left = contents(state_);

        EXPECT_EQ(fault([&] { life.file.save(kThird); }).code, Error::disk);
        EXPECT_EQ(fault([&] { life.file.sync_twin(); }).code, Error::disk);
        EXPECT_EQ(contents(state_), left);
    }
    EXPECT_THAT(loaded(), testing::AnyOf(kFirst, kSecond));  // it was written, but nobody was told
}

// Before the first save returns, the file, its name, the folder's name and the mark are durable.
TEST_F(DurableFileTest, SyncsANewFolderWithAllThatIsAboveTheRecord) {
    synced.clear();
    Life life(data_);
    EXPECT_EQ(synced, std::vector<std::string>{});
    life.file.save(kFirst);

    const auto above = data_.parent_path().filename().string();
    EXPECT_EQ(synced,
              (std::vector<std::string>{"state.new", data_.filename(), above, "data of a file"}));
}

// A process that was killed in between has not said that the folder holds a node.
TEST_F(DurableFileTest, SyncsTheFolderAboveForARecordWithoutTheMark) {
    { Life(data_).file.save(kFirst); }
    fs::remove(data_ / "lock");
    synced.clear();
    Life life(data_);

    EXPECT_EQ(life.found, kFirst);
    EXPECT_EQ(synced, (std::vector<std::string>{data_.parent_path().filename(), "data of a file"}));
    EXPECT_TRUE(life.folder.used());
}

TEST_F(DurableFileTest, FailsWhenTheTwinCannotBeSynced) {
    Life life(data_);
    life.file.save(kFirst);
    life.file.save(kSecond);

    sync_fails = true;

    EXPECT_EQ(fault([&] { life.file.sync_twin(); }).code, Error::disk);
    sync_fails = false;
    EXPECT_EQ(fault([&] { life.file.save(kThird); }).code, Error::disk);
}

// A limit on the size of files stands for a full disk: writes end short, then fail.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(DurableFileTest, StaysBlankWhenTheDiskIsFullAtTheFirstSave) {
    {
        Life life(data_);
        const FullDisk full(kSlotSize + 100);
        EXPECT_EQ(fault([&] { life.file.save(kFirst); }).code, Error::disk);
    }
    EXPECT_FALSE(fs::exists(state_));
    EXPECT_EQ(loaded(), std::nullopt);
}

TEST_F(DurableFileTest, KeepsTheOldRecordWhenTheDiskIsFullAtALaterSave) {
    {
        Life life(data_);
        life.file.save(kFirst);
        const FullDisk full(kSlotSize + 100);
        EXPECT_EQ(fault([&] { life.file.save(kSecond); }).code, Error::disk);
    }
    EXPECT_EQ(loaded(), kFirst);
}

TEST_F(DurableFileTest, SaysSoWhenTheRecordIsTooLong) {
    Life life(data_);
    auto record = kFirst;
    record.supersedes.assign(300, std::string(36, 'c'));

    EXPECT_EQ(fault([&] { life.file.save(record); }).code, Error::data);
    life.file.save(kSecond);  // nothing was written, so nothing is broken
    EXPECT_TRUE(fs::exists(state_));
}

// ---- the file goes while the node runs: no vote may rest on it

TEST_F(DurableFileTest, ASaveIntoARemovedFileIsNoSave) {
    Life life(data_);
    life.file.save(kFirst);
    life.file.sync_twin();
    fs::remove(state_);

    const auto found = fault([&] { life.file.save(kSecond); });

    EXPECT_EQ(found.code, Error::disk);
    EXPECT_THAT(found.line, HasSubstr("the file state of the data directory was removed"));
    EXPECT_EQ(fault([&] { life.file.save(kThird); }).code, Error::disk) << "and none after it";
}

TEST_F(DurableFileTest, ASaveIntoAReplacedFileIsNoSave) {
    Life life(data_);
    life.file.save(kFirst);
    life.file.sync_twin();
    const auto copy = contents(state_);
    fs::rename(state_, data_ / "old");
    replace(state_, copy);

    const auto found = fault([&] { life.file.save(kSecond); });

    EXPECT_EQ(found.code, Error::disk);
    EXPECT_THAT(found.line, HasSubstr("the file state of the data directory was replaced"));
    EXPECT_EQ(contents(state_), copy);
}

TEST_F(DurableFileTest, ASaveUnderAnotherDataDirectoryIsNoSave) {
    Life life(data_);
    life.file.save(kFirst);
    life.file.sync_twin();
    fs::rename(data_, scratch_ / "old");
    fs::create_directory(data_);

    EXPECT_THAT(fault([&] { life.file.save(kSecond); }).line,
                HasSubstr("the data directory was replaced"));
}

}  // namespace
}  // namespace electiond
