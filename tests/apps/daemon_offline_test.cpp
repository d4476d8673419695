// electiond recover and rejoin with one node: their questions and their refusals.
#include <sys/stat.h>
#include <unistd.h>

#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A node that has led, and stopped.
class Offline : public testing::Test {
  protected:
    void run_once() const {
        const auto process = scene_.start_and_lead();
        process->signal(SIGTERM);
        ASSERT_EQ(process->wait(seconds(10)), 0) << scene_.log();
    }
    // Runs the verb with this standard input.
    [[nodiscard]] cluster::Finished type(const std::string& typed, const std::string& verb) const {
        scene_.write_config();
        return cluster::run({"/bin/sh", "-c",
                             "printf '" + typed + "' | " + ELECTIOND + " " + verb + " --config " +
                                 scene_.config().string()});
    }
    [[nodiscard]] std::string state() const { return cluster::read(scene_.folder / "data/state"); }

    DaemonScene scene_;
};

TEST_F(Offline, AsksBeforeAnythingIsChanged) {
    run_once();
    const auto before = state();

    for (const std::string verb : {"recover --force", "rejoin"}) {
        for (const std::string typed : {"no\\n", "", "y\\n", "YES\\n"}) {
            const auto finished = type(typed, verb);
            EXPECT_EQ(finished.code, 1) << verb << ": " << typed;
            EXPECT_THAT(finished.said,
                        AllOf(HasSubstr("Type yes"), HasSubstr("Nothing was changed")))
                << verb;
        }
    }
    EXPECT_EQ(state(), before);
}

TEST_F(Offline, DoesItOnceYesIsTyped) {
    run_once();

    const auto recovered = type("yes\\n", "recover --force");
    EXPECT_EQ(recovered.code, 0) << recovered.said;
    EXPECT_THAT(recovered.said, AllOf(HasSubstr("becomes the only voter"),
                                      HasSubstr("which had 1 voter."), HasSubstr("Recovered")));

    const auto rejoined = type("yes\\n", "rejoin");
    EXPECT_EQ(rejoined.code, 0) << rejoined.said;
    EXPECT_THAT(rejoined.said, HasSubstr("is blank"));

    const auto again = type("yes\\n", "recover");
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.said, AllOf(HasSubstr("belongs to no cluster"), HasSubstr("--claim")));
}

// Permanent changes accept no options that could be a mistake.
TEST_F(Offline, IsNotMixedWithOtherWishes) {
    run_once();
    const auto before = state();

    for (const std::string words :
         {"recover --check", "recover --print-config", "rejoin --list-plugins", "rejoin --claim",
          "recover --daemon", "--claim", "--yes", "--check --yes"}) {
        const auto finished = type("yes\\n", words);
        EXPECT_EQ(finished.code, 64) << words << ": " << finished.said;
        EXPECT_THAT(finished.said, HasSubstr("--help"));
    }
    EXPECT_EQ(state(), before);
}

// This node alone is the quorum: a recovery would change only the ids of its cluster.
TEST_F(Offline, RefusesToRecoverAnOnlyVoter) {
    run_once();
    const auto before = state();

    const auto finished = type("yes\\n", "recover");

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("only voter of cluster demo"), HasSubstr("--force"),
                                     Not(HasSubstr("Type yes"))));
    EXPECT_EQ(state(), before);
}

// The record was changed, but the claim could not be written: the same command again completes it.
TEST_F(Offline, CompletesARecoveryThatFailedAtTheClaim) {
    run_once();
    const auto claim = scene_.folder / "cluster.json.demo.claim";
    const auto former = cluster::read(claim);
    ASSERT_EQ(type("yes\\n", "recover --force").code, 0);
    cluster::write(claim, former);

    const auto again = type("yes\\n", "recover");

    EXPECT_EQ(again.code, 0) << again.said;
    EXPECT_NE(cluster::read(claim), former);
    EXPECT_EQ(type("yes\\n", "recover").code, 1);
}

// The claimant was lost before anyone joined it, and this node has never run.
TEST_F(Offline, TakesOverAClaimOnANodeThatHasNeverRun) {
    const auto claim = scene_.folder / "cluster.json.demo.claim";
    run_once();
    std::filesystem::remove_all(scene_.folder / "data");
    const auto before = cluster::read(claim);

    const auto finished = type("yes\\n", "recover --claim");
    ASSERT_EQ(finished.code, 0) << finished.said;
    EXPECT_NE(cluster::read(claim), before);

    const auto process = scene_.start_and_lead();
    EXPECT_GE(cluster::ask(scene_.api, "GET", "/leader").number("fencingToken"),
              std::int64_t{1} << 32);
}

TEST_F(Offline, RefusesWhereThereIsNoNode) {
    for (const std::string verb : {"recover", "rejoin"}) {
        const auto finished = type("yes\\n", verb);
        EXPECT_EQ(finished.code, 1);
        EXPECT_THAT(finished.said, AllOf(HasSubstr("holds no node"), Not(HasSubstr("Type yes"))));
    }
}

// If an operator runs it on the wrong machine, or too early, it must leave nothing behind.
TEST_F(Offline, MakesNothingWhereThereIsNoNode) {
    for (const std::string verb : {"recover", "rejoin"}) {
        (void)type("yes\\n", verb);
        EXPECT_FALSE(fs::exists(scene_.folder / "data")) << verb;
    }
}

// A lock file of root would prevent the start of the daemon.
TEST_F(Offline, ActsAsTheOwnerOfTheFolderIfRootRunsIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "this is about root";
    constexpr uid_t kOther = 65534;
    const auto data = scene_.folder / "data";
    fs::permissions(scene_.folder.path(), fs::perms(0711));
    fs::create_directory(data);
    fs::permissions(data, fs::perms(0700));
    ASSERT_EQ(::chown(data.c_str(), kOther, kOther), 0);

    for (const std::string verb : {"recover", "rejoin"}) {
        const auto finished = type("yes\\n", verb);
        EXPECT_EQ(finished.code, 1) << finished.said;
        EXPECT_THAT(finished.said, AllOf(HasSubstr("Continues as "), HasSubstr("holds no node")));
    }
    for (const auto& entry : fs::directory_iterator(data)) {
        struct stat found {};
        ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
        EXPECT_EQ(found.st_uid, kOther) << entry.path();
    }
}

TEST_F(Offline, RefusesToRecoverAClaimWhereNobodyKeepsOne) {
    scene_.sections["discovery"] = "[{plugin: static_list, peers: {\"2\": \"127.0.0.1:9\"}}]";
    scene_.sections["cluster"] = "{name: demo, bootstrap: join}";

    const auto finished = type("yes\\n", "recover --claim");

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said, HasSubstr("no discovery of this configuration can claim"));
}

TEST_F(Offline, RecoversNoClaimThatIsItsOwnClustersAlready) {
    run_once();
    const auto claim = scene_.folder / "cluster.json.demo.claim";
    const auto before = std::pair{state(), cluster::read(claim)};

    const auto finished = type("yes\\n", "recover --claim");

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said, HasSubstr("there is nothing to recover"));
    EXPECT_EQ(std::pair(state(), cluster::read(claim)), before);
}

// A lost claim is not replaced by one of a cluster without members.
TEST_F(Offline, LeavesNoClaimOfAnotherClusterBehind) {
    run_once();
    const auto claim = scene_.folder / "cluster.json.demo.claim";
    // Whose claim it is; it is written again, perhaps in another second.
    const auto owner = [&] {
        const auto text = cluster::read(claim);
        return text.substr(0, text.find("claimedAt"));
    };
    const auto before = owner();
    std::filesystem::remove(claim);

    EXPECT_EQ(type("yes\\n", "recover --claim").code, 1);

    EXPECT_THAT(before, HasSubstr("clusterId"));
    EXPECT_EQ(owner(), before);
}

TEST_F(Offline, TakesNoClaimFromAClusterThatItDoesNotStandFor) {
    run_once();
    DaemonScene other;
    other.start_and_lead()->signal(SIGTERM);
    std::filesystem::copy_file(other.folder / "cluster.json.demo.claim",
                               scene_.folder / "cluster.json.demo.claim",
                               std::filesystem::copy_options::overwrite_existing);
    const auto before = state();

    const auto finished = type("yes\\n", "recover --claim");

    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("belongs to cluster id"), HasSubstr("rejoin")));
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace electiond
