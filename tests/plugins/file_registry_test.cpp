// The registry that all nodes share: written rarely and atomically, repaired, and never trusted.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "discovery/discovery_bench.h"
#include "discovery/disk_faults.h"

namespace electiond::bench {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class FileRegistry : public testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<Discovery> registry(const std::string& name = "cluster.json",
                                                      Log log = {}) const {
        return make("file_registry", {{"path", text(name)}}, "demo", folder_.path(), log);
    }

    Folder folder_;
    fs::path file_ = folder_ / "cluster.json";
};

std::string entry(const std::string& id, const std::string& more = "") {
    return R"({"cluster":"demo","id":")" + id + R"(","uuid":"uuid-of-)" + id +
           R"(","addresses":["127.0.0.1:4009"],"api":"")" + more + "}";
}

std::string nodes(const std::vector<std::string>& entries) {
    std::string joined;
    for (const auto& one : entries) joined += (joined.empty() ? "" : ",") + one;
    return R"({"nodes":[)" + joined + "]}";
}

std::vector<std::string> ids(Discovery& discovery) {
    std::vector<std::string> ids;
    for (const auto& peer : discovery.poll()) ids.push_back(peer.id.value);
    return ids;
}

TEST_F(FileRegistry, WritesWhatAPersonCanRead) {
    registry()->announce(node("a", 1));

    EXPECT_THAT(read(file_),
                AllOf(HasSubstr("      \"cluster\": \"demo\",\n      \"id\": \"a\",\n"
                                "      \"uuid\": \"uuid-of-a\",\n"),
                      HasSubstr("\"127.0.0.1:4001\""), HasSubstr("\"api\": \"127.0.0.1:3001\""),
                      HasSubstr("\"updatedAt\": \"2")));
}

TEST_F(FileRegistry, WritesNothingWhileNothingChanges) {
    const auto a = registry();
    const auto b = registry();
    a->announce(node("a", 1));
    b->announce(node("b", 2));
    const auto before = read(file_);
    (void)disk::take_steps();

    for (int round = 0; round < 5; ++round) {
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        EXPECT_THAT(a->poll(), UnorderedElementsAre(node("a", 1), node("b", 2)));
    }

    EXPECT_THAT(disk::take_steps(), IsEmpty());
    EXPECT_EQ(read(file_), before);
}

TEST_F(FileRegistry, OpensNothingWhileNothingChanges) {
    const auto a = registry();
    a->announce(node("a", 1));
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
    Openings openings(folder_.path());

    for (int round = 0; round < 1000; ++round) {
        a->announce(node("a", 1));
        EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
    }

    const auto opened = openings.take();
    EXPECT_LE(opened.size(), 1U) << "no lock, no draft";
    EXPECT_LE(opened.empty() ? 0 : opened.at("cluster.json"), 1)
        << "once more, when it has settled";
}

TEST_F(FileRegistry, SeesWhatAnotherChangesAtItsNextCall) {
    const auto a = registry();
    const auto b = registry();
    a->announce(node("a", 1));
    for (std::uint16_t port = 1; port < 100; ++port) {
        b->announce(node("b", port));
        EXPECT_THAT(a->poll(), ElementsAre(node("a", 1), node("b", port)));
    }
    b->withdraw();
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
}

TEST_F(FileRegistry, TakesAMissingFileForAnEmptyOne) { EXPECT_THAT(registry()->poll(), IsEmpty()); }

TEST_F(FileRegistry, MendsItsOwnEntryWhenItVanishes) {
    const auto a = registry();
    a->announce(node("a", 1));

    for (const auto& left : {nodes({}), nodes({entry("b")}), std::string("{}")}) {
        write(file_, left);
        a->announce(node("a", 1));
        EXPECT_THAT(ids(*a), testing::Contains("a"));
    }
    fs::remove(file_);
    a->announce(node("a", 1));
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
}

TEST_F(FileRegistry, MendsItsOwnEntryWhenItIsAltered) {
    const auto a = registry();
    const auto mine = node("a", 1);
    for (const auto& altered :
         {entry("a"), entry("a", R"(,"updatedAt":"9999")"),
          std::string(R"({"cluster":"demo","id":"z","uuid":"uuid-of-a","addresses":["h:1"]})"),
          std::string(R"({"cluster":"demo","id":"a","uuid":"uuid-of-a","addresses":7})")}) {
        write(file_, nodes({altered}));

        a->announce(mine);

        EXPECT_THAT(a->poll(), ElementsAre(mine)) << altered;
    }
}

TEST_F(FileRegistry, PutsAFreshFileInPlaceOfAGarbledOneAndKeepsThat) {
    auto a = registry();
    a->announce(node("a", 1));
    const auto good = read(file_);
    for (const auto& garbage :
         {std::string(), std::string("  \n"), good.substr(0, good.size() / 2), good + "x",
          std::string("\0\xff\xfe", 3), std::string("null"), std::string("[]"), std::string("7"),
          std::string(R"({"nodes":{}})"), std::string(R"({"nodes":null})"),
          std::string(100'000, '['), good + std::string(2'000'000, ' ')}) {
        write(file_, garbage);
        EXPECT_THAT(fault([&] { (void)a->poll(); }),
                    AllOf(HasSubstr(file_.string()), HasSubstr("cannot be read: it")))
            << garbage.substr(0, 50);
        EXPECT_EQ(read(file_), garbage) << "poll changes nothing";

        std::vector<std::string> said;
        a = registry("cluster.json", Log([&](const LogLine& line) {
                         if (line.level == LogLevel::warning) said.push_back(line.to_string());
                     }));
        a->announce(node("a", 1));

        EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
        EXPECT_EQ(read(folder_ / "cluster.json.garbled"), garbage);
        EXPECT_THAT(said, ElementsAre(HasSubstr("cluster.json.garbled")));
    }
}

TEST_F(FileRegistry, SkipsMalformedEntriesAndKeepsAllElse) {
    write(
        file_,
        R"({"note":"by hand","nodes":[7,null,"x",[],{},{"id":"q"},{"cluster":7},)"
        R"({"cluster":"demo","id":"no-address"},)"
        R"({"cluster":"demo","id":"w","uuid":"w","addresses":["x"]},)"
        R"({"cluster":"demo","id":"w","uuid":["w"],"addresses":["h:1"]},)"
        R"({"cluster":"other","id":"a","uuid":"uuid-of-a","whatever":[1,{"x":null}]},)" +
            entry("b", R"(,"rack":{"row":7,"name":"Ä\u0001"},"ratio":0.5,"big":9007199254740993)") +
            "]}");
    const auto a = registry();
    EXPECT_THAT(ids(*a), ElementsAre("b"));

    a->announce(node("a", 1));

    EXPECT_THAT(ids(*a), ElementsAre("b", "a"));
    auto kept = read(file_);
    std::erase_if(kept, [](char c) { return c == ' ' || c == '\n'; });
    EXPECT_THAT(kept, AllOf(HasSubstr(R"("note":"byhand")"),
                            HasSubstr(R"("rack":{"row":7,"name":"Ä\u0001"},"ratio":0.5,)"
                                      R"("big":9007199254740993)"),
                            HasSubstr(R"({"cluster":"other","id":"a","uuid":"uuid-of-a",)"
                                      R"("whatever":[1,{"x":null}]})"),
                            Not(HasSubstr("no-address")), Not(HasSubstr("\"w\""))));

    a->withdraw();
    EXPECT_THAT(ids(*registry()), ElementsAre("b"));
    EXPECT_THAT(read(file_), HasSubstr("whatever"));
}

TEST_F(FileRegistry, BelievesTheNewerOfTwoEntriesOfOneNode) {
    write(file_, nodes({entry("b", R"(,"updatedAt":"2025-02-01T00:00:00Z","api":"h:2")"),
                        entry("b", R"(,"updatedAt":"2025-01-01T00:00:00Z","api":"h:1")")}));

    const auto peers = registry()->poll();

    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0].api, "h:2");
}

TEST_F(FileRegistry, DropsItsFormerLifeButNoNodeThatOnlySharesAnId) {
    auto former = node("a", 1);
    former.uuid = NodeUuid("uuid-of-a-wiped-disk");
    auto namesake = node("a", 2);
    namesake.uuid = NodeUuid("uuid-of-a-namesake");
    registry()->announce(former);
    registry()->announce(namesake);

    registry()->announce(node("a", 1));

    EXPECT_THAT(registry()->poll(), UnorderedElementsAre(namesake, node("a", 1)));

    const auto now = read(file_);
    write(file_, std::string(now).insert(now.rfind(']'),
                                         "," + entry("a", R"(,"uuid":"old",)"
                                                          R"("addresses":["127.0.0.1:4001"])")));
    ASSERT_EQ(registry()->poll().size(), 3U);
    registry()->announce(node("a", 1));
    EXPECT_THAT(registry()->poll(), UnorderedElementsAre(namesake, node("a", 1)));
}

TEST_F(FileRegistry, NamesAMissingFolderAndTheRemedy) {
    const auto a = registry("no/folder/cluster.json");

    for (const auto& act : std::vector<std::function<void()>>{
             [&] { a->announce(node("a", 1)); }, [&] { (void)a->poll(); },
             [&] {
                 (void)a->arbiter()->claim("demo", {.cluster_id = "c", .uuid = NodeUuid("u")});
             }}) {
        EXPECT_THAT(fault(act),
                    AllOf(HasSubstr("the directory " + (folder_ / "no/folder").string()),
                          HasSubstr("does not exist; create it")));
    }
    EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(FileRegistry, RefusesWhatIsNoRegularFileWithoutWaiting) {
    fs::create_directory(folder_ / "folder");
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);

    for (const auto* name : {"folder", "pipe"}) {
        const auto a = registry(name);
        EXPECT_THAT(fault([&] { (void)a->poll(); }), HasSubstr("is not a regular file"));
        EXPECT_THAT(fault([&] { a->announce(node("a", 1)); }), HasSubstr("is not a regular file"));
    }
    EXPECT_THAT(fault([&] { (void)registry("folder/"); }), HasSubstr("a file, as in cluster.json"));
}

TEST_F(FileRegistry, RefusesALockFileThatIsAPipeWithoutWaiting) {
    ASSERT_EQ(::mkfifo((folder_ / "cluster.json.lock").c_str(), 0600), 0);

    EXPECT_THAT(fault([&] { registry()->announce(node("a", 1)); }),
                HasSubstr("cluster.json.lock is not a regular file"));
}

TEST_F(FileRegistry, EndsEachCallOnceItsStopIsRequestedAndChangesNothing) {
    const auto a = registry();
    a->announce(node("a", 1));
    const auto before = folder_.names();
    const auto text = read(file_);
    std::stop_source stop;
    stop.request_stop();
    const Claim mine{.cluster_id = "c", .uuid = NodeUuid("u")};

    for (const auto& act : std::vector<std::function<void()>>{
             [&] { a->announce(node("a", 2), stop.get_token()); },
             [&] { (void)a->poll(stop.get_token()); },
             [&] { (void)a->arbiter()->claim("demo", mine, stop.get_token()); },
             [&] { a->arbiter()->replace_claim("demo", mine, stop.get_token()); }}) {
        EXPECT_THAT(fault(act), HasSubstr("stopped before it was done with"));
    }
    a->withdraw(stop.get_token());

    EXPECT_EQ(read(file_), text);
    EXPECT_EQ(folder_.names(), before);
}

TEST_F(FileRegistry, WaitsForALockNoLongerThanUntilItsStopIsRequested) {
    const auto a = registry();
    a->announce(node("a", 1));
    const int held = ::open((folder_ / "cluster.json.lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);
    std::stop_source stop;

    const std::jthread stopper([&] { stop.request_stop(); });
    const auto sentence = fault([&] { a->announce(node("a", 2), stop.get_token()); });

    EXPECT_THAT(sentence, HasSubstr("stopped before it was done with")) << "not after 2 s";
    ::close(held);
}

TEST_F(FileRegistry, SaysOnceThatSomebodyGarblesItAgainAndAgain) {
    std::vector<std::string> said;
    const auto a = registry("cluster.json", Log([&](const LogLine& line) {
                                if (line.level == LogLevel::warning) said.push_back(line.text);
                            }));
    for (int time = 0; time < 20; ++time) {
        write(file_, "garbled");
        a->announce(node("a", 1));
    }

    EXPECT_THAT(said, ElementsAre(HasSubstr("done now")));
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));
}

TEST_F(FileRegistry, LosesNoGarbledFileThatItCannotKeepAside) {
    write(file_, "garbled");
    fs::create_directory(folder_ / "cluster.json.garbled");

    EXPECT_THAT(fault([&] { registry()->announce(node("a", 1)); }),
                HasSubstr("cannot keep a copy of it as " + file_.string() + ".garbled"));
    EXPECT_EQ(read(file_), "garbled");
}

TEST_F(FileRegistry, GivesUpOnALockThatIsHeldAndSaysSo) {
    const auto a = registry();
    a->announce(node("a", 1));
    const auto lock = folder_ / "cluster.json.lock";
    const int held = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);

    a->announce(node("a", 1));  // nothing to write, so nothing to wait for
    const auto sentence = fault([&] { a->announce(node("a", 2)); });

    EXPECT_THAT(sentence, AllOf(HasSubstr(lock.string()), HasSubstr("fuser")));
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 1)));

    fs::remove(lock);  // removing it releases the others, and does no harm
    a->announce(node("a", 2));
    EXPECT_THAT(a->poll(), ElementsAre(node("a", 2)));
    ::close(held);
}

TEST_F(FileRegistry, ReplacesTheFileAndNotTheLinkToIt) {
    fs::create_directory(folder_ / "shared");
    write(folder_ / "shared/real.json", nodes({entry("b")}));
    fs::create_symlink("shared/real.json", file_);

    registry()->announce(node("a", 1));

    EXPECT_TRUE(fs::is_symlink(file_));
    EXPECT_THAT(ids(*registry("shared/real.json")), ElementsAre("b", "a"));
    EXPECT_TRUE(fs::exists(folder_ / "shared/real.json.lock"));
}

TEST_F(FileRegistry, ClearsWhatTheDeadLeftAndNothingElse) {
    for (const auto* name :
         {"cluster.json.tmp.0123456789abcdef", "cluster.json.demo.claim.tmp.fedcba9876543210",
          "cluster.json.tmp.mine", "cluster.json.tmp.claim", "other.json.tmp.0123456789abcdef"}) {
        write(folder_ / name, "left");
    }

    registry()->announce(node("a", 1));

    EXPECT_THAT(folder_.names(),
                ElementsAre("cluster.json", "cluster.json.lock", "cluster.json.tmp.claim",
                            "cluster.json.tmp.mine", "other.json.tmp.0123456789abcdef"));
}

TEST_F(FileRegistry, LetsTheOldestGoBeforeItGrowsWithoutEnd) {
    std::vector<std::string> entries;
    for (int i = 0; i < 300; ++i) {
        const auto number = std::to_string(1000 + i);
        entries.push_back(entry(number, R"(,"updatedAt":"2025-01-01T00:00:00Z-)" + number + "\""));
    }
    write(file_, nodes(entries));

    registry()->announce(node("a", 1));

    const auto left = ids(*registry());
    EXPECT_EQ(left.size(), 256U);
    EXPECT_EQ(left.front(), "1045");
    EXPECT_EQ(left.back(), "a");
}

TEST_F(FileRegistry, RefusesToWriteMoreThanItWouldRead) {
    const auto full =
        R"({"nodes":[{"cluster":"other","x":")" + std::string(1024 * 1024 - 60, 'x') + R"("}]})";
    write(file_, full);

    EXPECT_THAT(fault([&] { registry()->announce(node("a", 1)); }), HasSubstr("longer than 1 MiB"));
    EXPECT_EQ(read(file_), full);
}

TEST_F(FileRegistry, SyncsTheTextBeforeItReplacesTheOld) {
    const auto a = registry();
    (void)disk::take_steps();

    a->announce(node("a", 1));

    EXPECT_THAT(disk::take_steps(), ElementsAre("fsync file", "rename", "fsync folder"));
}

TEST_F(FileRegistry, KeepsTheOldFileWhereTheDiskFails) {
    const auto a = registry();
    a->announce(node("a", 1));
    const auto before = read(file_);

    disk::fail_next_fsync();

    EXPECT_THAT(fault([&] { a->announce(node("a", 2)); }),
                AllOf(HasSubstr("cannot fsync"), HasSubstr(file_.string())));
    EXPECT_EQ(read(file_), before);
    EXPECT_THAT(folder_.names(), ElementsAre("cluster.json", "cluster.json.lock"));
}

// Runs `act` in children that are killed at their first, second, … disk operation, until one ends
// normally; checks the files after each. Returns how many were killed.
int kill_at_each_step(const std::function<void()>& prepare, const std::function<void()>& act,
                      const std::function<void(bool killed)>& look) {
    for (int kills = 0;; ++kills) {
        prepare();
        const int child = fork_run([&] {
            disk::die_at(kills + 1);
            act();
            return true;
        });
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        EXPECT_TRUE(killed || status == 0);
        look(killed);
        if (!killed || testing::Test::HasFailure()) return kills;
    }
}

TEST_F(FileRegistry, StaysWholeWhenAWriterIsKilledAtAnyStep) {
    const auto b = registry();
    std::uint16_t port = 10;

    const int kills = kill_at_each_step(
        [&] { b->announce(node("b", ++port)); }, [&] { registry()->announce(node("a", port)); },
        [&](bool killed) {
            const auto peers = b->poll();
            EXPECT_THAT(peers, testing::Contains(node("b", port)));
            EXPECT_TRUE(killed || std::ranges::count(peers, node("a", port)) == 1);
            registry()->announce(node("c", port));
            EXPECT_THAT(folder_.names(), ElementsAre("cluster.json", "cluster.json.lock"));
        });

    EXPECT_EQ(kills, 6) << "before and after each of three steps";
}

TEST_F(FileRegistry, LosesNoGarbledFileWhenItsMenderIsKilledAtAnyStep) {
    const auto aside = folder_ / "cluster.json.garbled";

    const int kills = kill_at_each_step(
        [&] {
            write(file_, "garbled");
            write(aside, "of old");
        },
        [&] { registry()->announce(node("a", 1)); },
        [&](bool killed) {
            const auto left = read(file_);
            EXPECT_TRUE(left == "garbled" || read(aside) == "garbled");
            registry()->announce(node("a", 1));
            EXPECT_THAT(registry()->poll(), ElementsAre(node("a", 1)));
            EXPECT_EQ(read(aside), "garbled") << killed;
        });

    EXPECT_EQ(kills, 10) << "before and after each of five steps";
}

TEST_F(FileRegistry, LosesNobodyWhenManyAnnounceAtOnce) {
    constexpr int kProcesses = 4;
    constexpr int kThreads = 4;
    const auto name = [](int process, int thread) {
        return std::to_string(process) + "-" + std::to_string(thread);
    };
    std::vector<int> children;
    for (int process = 0; process < kProcesses; ++process) {
        children.push_back(fork_run([&] {
            std::vector<std::jthread> threads;
            for (int thread = 0; thread < kThreads; ++thread) {
                threads.emplace_back([&, thread] {
                    const auto mine = registry();
                    for (std::uint16_t port = 1; port <= 5; ++port) {
                        // A held lock is no failure: the host calls again.
                        while (!fault([&] {
                                    mine->announce(node(name(process, thread), port));
                                }).empty()) {
                        }
                    }
                });
            }
            return true;
        }));
    }
    for (const int child : children) EXPECT_TRUE(ended_well(child));

    EXPECT_EQ(registry()->poll().size(), static_cast<std::size_t>(kProcesses * kThreads));
    for (const auto& peer : registry()->poll()) EXPECT_EQ(peer.addresses.front().port, 4005);
}

TEST_F(FileRegistry, ReadsForOneWhoMayNotWriteAndSaysWhyItCannotAnnounce) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    registry()->announce(node("b", 2));
    fs::permissions(folder_.path(), fs::perms(0755));

    EXPECT_TRUE(ended_well(fork_run([&] {
        if (::setuid(65534) != 0) return false;
        const auto a = registry();
        const auto sentence = fault([&] { a->announce(node("a", 1)); });
        return a->poll() == std::vector<Peer>{node("b", 2)} &&
               sentence.find("let the daemon's user read and write there") != std::string::npos;
    })));
}

TEST_F(FileRegistry, LeavesAGarbledFileAloneWhenItWithdraws) {
    const auto a = registry();
    a->announce(node("a", 1));
    write(file_, "garbled");

    a->withdraw();

    EXPECT_EQ(read(file_), "garbled");
    EXPECT_THAT(folder_.names(), ElementsAre("cluster.json", "cluster.json.lock"));
}

}  // namespace
}  // namespace electiond::bench
