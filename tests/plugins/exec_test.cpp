// The discovery `exec`: the input of programs, when they run, what they list, announce, withdraw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stop_token>

#include "discovery/exec_scene.h"
#include "exec/peer_lines.h"

namespace electiond::bench {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

TEST_F(Programs, NameThePeers) {
    const auto discovery = lister(std::string(kOne) + R"(; echo '{"address":"127.0.0.1:4002"}')");

    const auto peers = discovery->poll();

    ASSERT_THAT(peers, SizeIs(2));
    EXPECT_EQ(peers[0].addresses, std::vector<Endpoint>({{"127.0.0.1", 4002}}));
    EXPECT_EQ(peers[1].id.value, "a");
    EXPECT_THAT(lines_.take(), IsEmpty());
}

TEST_F(Programs, MayListNoPeer) { EXPECT_THAT(lister("exit 0")->poll(), IsEmpty()); }

TEST_F(Programs, NeedNoLineEnd) {
    EXPECT_THAT(lister(R"(printf '{"id":"a","address":"127.0.0.1:4001"}')")->poll(), SizeIs(1));
}

TEST_F(Programs, GetTheirWordsAsTheyAre) {
    const auto program = script("list", R"(printf '%s|' "$@" >"${0%/*}/words")");
    const auto discovery = made({{"command", list({program, "a  b", "$HOME", "*", "-x"})}});
    EXPECT_THAT(discovery->poll(), IsEmpty());
    EXPECT_EQ(written("words"), "a  b|$HOME|*|-x|");
}

TEST_F(Programs, GetTheClusterTheNodeAndItsAnnouncement) {
    const auto discovery = lister(
        "cd \"$1\"; echo \"$ELECTIOND_CLUSTER $ELECTIOND_NODE_ID $ELECTIOND_PEER\" >told; "
        "cat >input; ls /proc/self/fd >open",
        "30s", "100ms");
    (void)discovery->poll();
    EXPECT_EQ(written("told"), "demo 1 \n");
    EXPECT_EQ(written("input"), "");
    EXPECT_EQ(written("open"), "0\n1\n2\n3\n");  // 3 is the folder that ls reads

    const auto line = discovery::peer_line(node("1", 1));
    discovery->announce(node("1", 1));
    EXPECT_TRUE(eventually([&] {
        (void)discovery->poll();
        return written("told") == "demo 1 " + line + "\n";
    }));
    EXPECT_EQ(written("input"), line + "\n");
}

TEST_F(Programs, RunAtTheirIntervalAndNotAtEachPoll) {
    const auto discovery = lister("echo x >>\"$1/runs\"", "30s", "1h");
    for (int i = 0; i < 100; ++i) EXPECT_THAT(discovery->poll(), IsEmpty());
    EXPECT_EQ(written("runs"), "x\n");

    const auto often = lister("echo x >>\"$1/often\"");
    EXPECT_TRUE(eventually([&] {
        (void)often->poll();
        return written("often").size() >= 6;
    }));
}

TEST_F(Programs, MayChangeTheirAnswer) {
    write(folder_ / "peers", R"({"address":"127.0.0.1:4001"})");
    const auto discovery = lister("cat \"$1/peers\"");
    EXPECT_EQ(discovery->poll().at(0).addresses.at(0).port, 4001);

    write(folder_ / "new", R"({"address":"127.0.0.1:4002"})");
    fs::rename(folder_ / "new", folder_ / "peers");
    EXPECT_TRUE(eventually([&] { return discovery->poll().at(0).addresses.at(0).port == 4002; }));
}

TEST_F(Programs, AreCheckedWithoutBeingRun) {
    const auto well = script("well", "touch \"$1/ran\"");
    const auto bare = script("bare", "echo", "echo");
    const auto none = (folder_ / "none").string();
    const auto findings = made({{"command", list({well, folder_.path().string()})},
                                {"announce", list({none})},
                                {"withdraw", list({bare})}})
                              ->check(node("1", 1));

    ASSERT_THAT(findings, SizeIs(2));
    EXPECT_EQ(
        findings[0],
        (Finding{Finding::Weight::fault, "announce",
                 "names " + none + ", which does not exist; install it, or correct the path"}));
    EXPECT_EQ(findings[1].weight, Finding::Weight::warning);
    EXPECT_EQ(findings[1].key, "withdraw");
    EXPECT_FALSE(fs::exists(folder_ / "ran"));
    EXPECT_THAT(made({{"command", list({"/bin/true"})}})->check(node("1", 1)), IsEmpty());
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(
        fault([&] {
            (void)made({{"command", list({"/bin/true"})}})->check(node("1", 1), stop.get_token());
        }),
        HasSubstr("stopped"));
}

// ---- standard error -----------------------------------------------------------------------------

TEST_F(Programs, WhoseErrorsAreLoggedOnceAMinuteAtMost) {
    const auto discovery = lister(
        "echo x >>\"$1/runs\"; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
        "echo \"warning $i\" >&2; done; echo >&2; " +
        std::string(kOne));
    EXPECT_TRUE(eventually([&] {
        EXPECT_THAT(discovery->poll(), SizeIs(1));
        return written("runs").size() >= 10;
    }));

    const auto logged = lines_.take();
    ASSERT_THAT(logged, SizeIs(11));
    EXPECT_EQ(logged[0], "the program " + (folder_ / "list").string() +
                             " wrote to standard error line=warning 1");
    EXPECT_THAT(logged[9], HasSubstr("line=warning 10"));
    EXPECT_THAT(logged[10], HasSubstr("wrote more lines to standard error"));
}

// ---- announcing ---------------------------------------------------------------------------------

class Announcing : public Programs {
  protected:
    [[nodiscard]] OptionMap with(const std::string& announce, const std::string& withdraw,
                                 const std::string& interval = "1h") {
        const auto folder = folder_.path().string();
        return {{"command", list({"/bin/true"})},
                {"announce", list({script("announce", announce), folder})},
                {"withdraw", list({script("withdraw", withdraw), folder})},
                {"interval", text(interval)}};
    }
};

TEST_F(Announcing, RunsAProgramAtOnceAtAChangeAndAtTheInterval) {
    const auto rarely = made(with("cat >>\"$1/told\"", "exit 0"));
    const auto one = discovery::peer_line(node("1", 1)) + "\n",
               two = discovery::peer_line(node("1", 2)) + "\n";
    rarely->announce(node("1", 1));
    rarely->announce(node("1", 1));
    EXPECT_EQ(written("told"), one);
    rarely->announce(node("1", 2));
    EXPECT_EQ(written("told"), one + two);

    const auto often = made(with("echo x >>\"$1/often\"", "exit 0", "100ms"));
    EXPECT_TRUE(eventually([&] {  // so an entry of ours that has vanished comes back
        often->announce(node("1", 1));
        return written("often").size() >= 6;
    }));
}

TEST_F(Announcing, FailsByItselfAndNamesItsProgram) {
    const auto discovery = made(with("echo full >&2; exit 1", "exit 0"));
    EXPECT_EQ(fault([&] { discovery->announce(node("1", 1)); }),
              "the announce program " + (folder_ / "announce").string() +
                  " ended with exit code 1: \"full\"");
    EXPECT_THAT(discovery->poll(), IsEmpty());
}

TEST_F(Announcing, RefusesWhatOthersCouldNotRead) {
    const auto discovery = made(with("cat >>\"$1/told\"", "exit 0"));
    auto nameless = node("1", 1);
    nameless.id = NodeId("a b\"}");
    EXPECT_THAT(fault([&] { discovery->announce(nameless); }), HasSubstr("cannot be announced"));
    EXPECT_EQ(written("told"), "");
}

TEST_F(Announcing, IsWithdrawnOnceAndOnlyIfItWasDone) {
    const auto discovery = made(with("exit 0", "cat >>\"$1/back\""));
    discovery->withdraw();
    EXPECT_EQ(written("back"), "");

    discovery->announce(node("1", 1));
    discovery->withdraw();
    discovery->withdraw();
    EXPECT_EQ(written("back"), discovery::peer_line(node("1", 1)) + "\n");
    EXPECT_THAT(lines_.take(), IsEmpty());

    discovery->announce(node("1", 1));  // a node that comes back
    discovery->withdraw();
    EXPECT_THAT(written("back"), SizeIs(2 * discovery::peer_line(node("1", 1)).size() + 2));
}

TEST_F(Announcing, EndsBeforeItIsWithdrawn) {
    auto options = with("echo $$ >\"$1/pid\"; exec sleep 1000",
                        "kill -0 $(cat \"$1/pid\") && touch \"$1/late\"; exit 0");
    const auto discovery = made(std::move(options));
    (void)stopped_after([&](std::stop_token stop) {
        (void)fault([&] { discovery->announce(node("1", 1), stop); });
    });
    ASSERT_TRUE(eventually([&] { return process_in("pid") > 0; }));

    discovery->withdraw();

    EXPECT_TRUE(dead(process_in("pid")));
    EXPECT_FALSE(fs::exists(folder_ / "late"));
}

TEST_F(Announcing, LogsWhyItCouldNotBeWithdrawn) {
    const auto discovery = made(with("exit 0", "echo away >&2; exit 5"));
    discovery->announce(node("1", 1));
    discovery->withdraw();
    EXPECT_THAT(
        lines_.take(),
        ElementsAre(HasSubstr("the withdraw program"),
                    MatchesRegex("this node's entry may not have been removed: the withdraw "
                                 "program .* ended with exit code 5: \"away\"")));
}

}  // namespace
}  // namespace electiond::bench
