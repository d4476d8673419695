// The claim next to the registry: exactly one wins, permanently, even if processes die meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <set>
#include <thread>

#include "discovery/discovery_bench.h"
#include "discovery/disk_faults.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ClaimTest : public testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<Discovery> registry(const std::string& cluster = "demo") const {
        return make("file_registry", {{"path", text("cluster.json")}}, cluster, folder_.path());
    }

    Folder folder_;
};

Claim claim_of(const std::string& who) {
    return {.cluster_id = "cluster-of-" + who, .uuid = NodeUuid("uuid-of-" + who)};
}

TEST_F(ClaimTest, GoesToTheFirst) {
    const auto a = registry();
    const auto b = registry();

    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    EXPECT_EQ(b->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("c")), claim_of("a"));
}

TEST_F(ClaimTest, IsAnotherForEachNameOfACluster) {
    const auto a = registry();
    const std::array<std::string, 8> names = {"demo",    "Demo", "de.mo", "de%2Emo",
                                              "../demo", "d/e",  "d\n",   "\xc3\xa9"};

    for (const auto& name : names) {
        const auto mine = claim_of(std::to_string(&name - names.data()));
        EXPECT_EQ(a->arbiter()->claim(name, mine), mine) << name;
    }

    for (const auto& name : names) {
        EXPECT_EQ(a->arbiter()->claim(name, claim_of("late")),
                  claim_of(std::to_string(&name - names.data())));
    }
    EXPECT_EQ(folder_.names().size(), names.size() + 1) << "one file each, and the lock";
}

TEST_F(ClaimTest, OutlivesTheRegistryAndWhoClaimed) {
    auto a = registry();
    a->announce(node("a", 1));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    a->withdraw();
    a.reset();

    std::filesystem::remove(folder_ / "cluster.json");
    EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    write(folder_ / "cluster.json", "");
    EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
}

TEST_F(ClaimTest, IsReplacedOnlyWhereThatIsAsked) {
    const auto a = registry();
    ASSERT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));

    a->arbiter()->replace_claim("demo", claim_of("b"));

    EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("c")), claim_of("b"));
}

TEST_F(ClaimTest, ThatIsGarbledIsNeverOverwrittenByAClaim) {
    const auto file = folder_ / "cluster.json.demo.claim";
    const std::string good = R"({"cluster":"demo","clusterId":"c","uuid":"u"})";
    for (const std::string& garbage :
         {std::string(), good.substr(0, 30), std::string("\0\0\0", 3), std::string("[]"),
          std::string("null"), std::string(R"({"cluster":"other","clusterId":"c","uuid":"u"})"),
          std::string(R"({"cluster":"demo","clusterId":7,"uuid":"u"})"),
          std::string(R"({"cluster":"demo","clusterId":"c"})"),
          std::string(R"({"cluster":"demo","clusterId":"","uuid":"u"})"),
          good + std::string(100'000, ' ')}) {
        write(file, garbage);

        const auto sentence =
            fault([&] { (void)registry()->arbiter()->claim("demo", claim_of("a")); });

        EXPECT_THAT(sentence, HasSubstr(file.string())) << garbage;
        EXPECT_THAT(sentence, HasSubstr("recover --claim")) << garbage;
        EXPECT_EQ(read(file), garbage);
    }
    registry()->arbiter()->replace_claim("demo", claim_of("b"));
    EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("c")), claim_of("b"));
}

// Peers accept a cluster id of 1 to 64 printable characters, and nothing else: a node that founded
// a cluster with another id would stay alone.
TEST_F(ClaimTest, WithAnIdThatPeersRefuseIsRefusedAndNamesTheField) {
    const auto file = folder_ / "cluster.json.demo.claim";
    const auto fault_with = [&](const std::string& cluster_id, const std::string& uuid) {
        write(file,
              R"({"cluster":"demo","clusterId":")" + cluster_id + R"(","uuid":")" + uuid + R"("})");
        return fault([&] { (void)registry()->arbiter()->claim("demo", claim_of("a")); });
    };
    for (const std::string& id : {std::string(65, 'c'), std::string(128, 'c'), std::string("a\\nb"),
                                  std::string("\\u007f"), std::string("caf\xc3\xa9")}) {
        EXPECT_THAT(fault_with(id, "u"), HasSubstr("its clusterId is not a text of 1 to 64")) << id;
    }
    for (const std::string& uuid : {std::string(65, 'u'), std::string("a b"), std::string("")}) {
        EXPECT_THAT(fault_with("c", uuid), HasSubstr("its uuid is not a text of 1 to 64")) << uuid;
    }

    EXPECT_EQ(fault_with(std::string(64, '~'), std::string(64, 'u')), "");
    EXPECT_EQ(fault_with(" ", "."), "");
}

TEST_F(ClaimTest, RefusesWhatItCouldNotReadBack) {
    EXPECT_THAT(fault([&] { (void)registry()->arbiter()->claim("demo", Claim{}); }),
                AllOf(HasSubstr("cannot be stored"), HasSubstr("its clusterId is not a text")));
    EXPECT_THAT(fault([&] {
                    (void)registry()->arbiter()->claim(
                        "demo", {.cluster_id = std::string(65, 'c'), .uuid = NodeUuid("u")});
                }),
                HasSubstr("cannot be stored"));
    EXPECT_TRUE(folder_.names().empty());
}

TEST_F(ClaimTest, SyncsTheTextBeforeItGetsItsNameAndTheFolderAfter) {
    const auto a = registry();
    (void)disk::take_steps();

    (void)a->arbiter()->claim("demo", claim_of("a"));
    EXPECT_THAT(disk::take_steps(), ElementsAre("fsync file", "link", "unlink", "fsync folder"));

    (void)a->arbiter()->claim("demo", claim_of("b"));
    EXPECT_THAT(disk::take_steps(), ElementsAre("fsync folder")) << "its claimer may have died";

    a->arbiter()->replace_claim("demo", claim_of("c"));
    EXPECT_THAT(disk::take_steps(), ElementsAre("fsync file", "rename", "fsync folder"));
}

TEST_F(ClaimTest, IsNotGivenOutWhereTheDiskFailed) {
    const auto a = registry();

    disk::fail_next_fsync();

    EXPECT_THAT(fault([&] { (void)a->arbiter()->claim("demo", claim_of("a")); }),
                HasSubstr("fsync"));
    EXPECT_THAT(folder_.names(), ElementsAre("cluster.json.lock"));
    EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("b")), claim_of("b"));
}

TEST_F(ClaimTest, StandsOrDoesNotStandWhenItsClaimerIsKilledAtAnyStep) {
    const auto file = folder_ / "cluster.json.demo.claim";
    int kills = 0;
    for (bool killed = true; killed; ++kills) {
        std::filesystem::remove(file);
        const int child = fork_run([&] {
            disk::die_at(kills + 1);
            return registry()->arbiter()->claim("demo", claim_of("dead")) == claim_of("dead");
        });
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        ASSERT_TRUE(killed || status == 0);

        const bool stood = std::filesystem::exists(file);
        const auto expected = stood ? claim_of("dead") : claim_of("next");
        registry()->announce(node("b", 2));
        EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("next")), expected)
            << "step " << kills;
        EXPECT_EQ(registry()->arbiter()->claim("demo", claim_of("last")), expected)
            << "step " << kills;
        EXPECT_TRUE(stood || killed);
        EXPECT_THAT(folder_.names(),
                    ElementsAre("cluster.json", "cluster.json.demo.claim", "cluster.json.lock"));
    }
    EXPECT_EQ(kills, 9) << "before and after each of four steps, and once to the end";
}

// A claim that fails because the lock was held too long is repeated, as the daemon does.
Claim insist(const std::function<std::unique_ptr<Discovery>()>& made, const Claim& mine) {
    for (int tries = 1;; ++tries) {
        try {
            return made()->arbiter()->claim("demo", mine);
        } catch (const Error&) {
            if (tries == 20) throw;
        }
    }
}

// Claims with `count` threads at once; true if all got the same result, which is written to `file`.
bool claim_together(const std::function<std::unique_ptr<Discovery>()>& made, int count,
                    const std::string& who, const std::filesystem::path& file) {
    std::vector<Claim> told(static_cast<std::size_t>(count));
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < count; ++i) {
            threads.emplace_back([&, i] {
                told[static_cast<std::size_t>(i)] =
                    insist(made, claim_of(who + "-" + std::to_string(i)));
            });
        }
    }
    write(file, told[0].cluster_id);
    return std::ranges::count(told, told[0]) == count;
}

TEST_F(ClaimTest, HasOneWinnerAmongManyThreadsAndProcessesSomeOfWhichAreKilled) {
    const Folder answers;
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    std::vector<int> living;
    std::vector<int> dying;
    for (int i = 0; i < 12; ++i) {
        const bool dies = i >= 4;
        const int child = fork_run([&] {
            char byte = 0;
            ::close(gate[1]);
            if (::read(gate[0], &byte, 1) != 0) return false;  // until the gate is closed
            if (dies) disk::die_at(i - 3);
            return claim_together([&] { return registry(); }, dies ? 1 : 8, std::to_string(i),
                                  answers / std::to_string(i));
        });
        (dies ? dying : living).push_back(child);
    }
    ::close(gate[0]);
    ::close(gate[1]);

    for (const int child : living) EXPECT_TRUE(ended_well(child));
    for (const int child : dying) ASSERT_EQ(::waitpid(child, nullptr, 0), child);

    std::set<std::string> told;
    for (const auto& name : answers.names()) told.insert(read(answers / name));
    const auto stored = registry()->arbiter()->claim("demo", claim_of("late"));
    EXPECT_THAT(told, ElementsAre(stored.cluster_id));
    EXPECT_NE(stored, claim_of("late"));
}

}  // namespace
}  // namespace electiond::bench
