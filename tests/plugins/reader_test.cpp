// When the registry is read, and when not, with a clock that the tests control.
#include "file_registry/reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "discovery/discovery_bench.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;

using bench::fault;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::string nodes(const std::string& id) {
    return R"({"nodes":[{"cluster":"demo","id":")" + id + R"(","addresses":["h:1"]}]})";
}

class ReaderTest : public testing::Test {
  protected:
    ReaderTest() {
        bench::write(file_, nodes("a"));
        (void)openings_.take();
    }

    // The ids that a look finds, "garbled" or "missing".
    std::string look() {
        const auto& found = reader_.look();
        if (found.garbled) return "garbled";
        if (!found.peers) return "missing";
        std::string ids;
        for (const auto& peer : *found.peers) ids += peer.id.value;
        return ids;
    }
    void settle() {
        EXPECT_EQ(look(), "a");
        now_ += Reader::kSettled;
        EXPECT_EQ(look(), "a");
        (void)openings_.take();
    }

    bench::Folder folder_;
    fs::path file_ = folder_ / "cluster.json";
    bench::Openings openings_{folder_.path()};
    Reader::Instant now_{};
    bool clock_stands_ = false;  // the file system's
    Reader reader_{"demo",
                   file_,
                   {.clock = [this] { return now_; },
                    .facts =
                        [this](const fs::path& file) {
                            auto facts = registry::facts_of(file);
                            if (facts && clock_stands_) facts->written_ns = facts->changed_ns = 0;
                            return facts;
                        }}};
};

TEST_F(ReaderTest, ReadsWhatItSeesFirstThenOnceMoreWhenItHasSettledThenNoMore) {
    for (int round = 0; round < 10; ++round) EXPECT_EQ(look(), "a");
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 1)));

    now_ += Reader::kSettled;
    for (int round = 0; round < 10; ++round) EXPECT_EQ(look(), "a");
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 1)));

    for (int round = 0; round < 10; ++round, now_ += std::chrono::hours(1)) {
        EXPECT_EQ(look(), "a");
    }
    EXPECT_THAT(openings_.take(), IsEmpty());
}

TEST_F(ReaderTest, ReadsTwiceAfterEachChangeToo) {
    settle();
    bench::write(file_, nodes("bc"));
    (void)openings_.take();

    for (int round = 0; round < 20; ++round, now_ += std::chrono::milliseconds(500)) {
        EXPECT_EQ(look(), "bc");
    }
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 2)));
}

TEST_F(ReaderTest, WaitsAnewWhereAnUnsettledFileChanges) {
    EXPECT_EQ(look(), "a");
    now_ += std::chrono::hours(1);
    bench::write(file_, nodes("bc"));
    (void)openings_.take();

    EXPECT_EQ(look(), "bc");
    now_ += Reader::kSettled - std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), "bc");
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 1)));
    now_ += std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), "bc");
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 1)));
}

TEST_F(ReaderTest, SeesAtTheNextLookWhateverChangesTheFile) {
    const auto size = fs::file_size(file_);
    const auto written = fs::last_write_time(file_);
    settle();
    bench::write(file_, nodes("b"));  // in place, of the same size
    EXPECT_EQ(look(), "b");
    now_ += std::chrono::hours(1);
    EXPECT_EQ(look(), "b");

    bench::write(folder_ / "new", nodes("c"));
    fs::last_write_time(folder_ / "new", written);  // as a copy that keeps the time
    fs::rename(folder_ / "new", file_);
    EXPECT_EQ(look(), "c");
    EXPECT_EQ(fs::file_size(file_), size);
    now_ += std::chrono::hours(1);
    EXPECT_EQ(look(), "c");

    bench::write(file_, nodes("d"));
    fs::last_write_time(file_, written);
    EXPECT_EQ(look(), "d");

    fs::remove(file_);
    EXPECT_EQ(look(), "missing");
    bench::write(file_, nodes("e"));
    EXPECT_EQ(look(), "e");
}

TEST_F(ReaderTest, SeesThatALinkPointsToAnotherFile) {
    bench::write(folder_ / "one", nodes("a"));
    bench::write(folder_ / "two", nodes("b"));
    fs::remove(file_);
    fs::create_symlink("one", file_);
    settle();

    fs::create_symlink("two", folder_ / "new");
    fs::rename(folder_ / "new", file_);

    EXPECT_EQ(look(), "b");
    EXPECT_EQ(reader_.location(), folder_ / "two");
}

TEST_F(ReaderTest, FindsAChangeThatShowsInNoFactsOnceTheFileHasSettled) {
    clock_stands_ = true;
    EXPECT_EQ(look(), "a");
    bench::write(file_, nodes("b"));
    EXPECT_EQ(look(), "a") << "nothing shows yet";

    now_ += Reader::kSettled - std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), "a");
    now_ += std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), "b");
}

TEST_F(ReaderTest, ReadsAGarbledFileNoMoreOftenThanAGoodOne) {
    bench::write(file_, "garbled");
    (void)openings_.take();
    for (int round = 0; round < 10; ++round) EXPECT_EQ(look(), "garbled");
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 1)));

    bench::write(file_, nodes("b"));
    EXPECT_EQ(look(), "b");
}

TEST_F(ReaderTest, ReliesOnNothingAfterAReadingThatFailed) {
    settle();
    const auto away = folder_.path().string() + ".away";
    fs::rename(folder_.path(), away);
    EXPECT_NE(fault([&] { (void)look(); }), "");
    fs::rename(away, folder_.path());
    EXPECT_EQ(look(), "a");

    fs::remove(file_);
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    for (int round = 0; round < 3; ++round) EXPECT_NE(fault([&] { (void)look(); }), "");

    fs::remove(file_);
    bench::write(file_, nodes("b"));
    EXPECT_EQ(look(), "b");
}

TEST_F(ReaderTest, ReadsEachTimeWhereThereAreNoFacts) {
    Reader blind("demo", file_, {.facts = [](const fs::path&) { return std::nullopt; }});
    for (int round = 0; round < 3; ++round) EXPECT_EQ(blind.look().peers->size(), 1U);
    EXPECT_THAT(openings_.take(), ElementsAre(Pair("cluster.json", 3)));
}

}  // namespace
}  // namespace electiond::discovery
