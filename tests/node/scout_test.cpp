// One discovery, polled from a thread of its own: what it yields, what its faults cost, how it
// ends.
#include "node/scout.h"

#include <gtest/gtest.h>

#include "scout_scene.h"

namespace electiond {
namespace {

TEST(Scout, AnnouncesBeforeEachPollAndPostsWhatItFinds) {
    Camp camp;
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};

    camp.scout->start();
    const auto polled = camp.next<PeersPolled>();

    EXPECT_EQ(polled.source, 3u);
    EXPECT_EQ(polled.peers, camp.script.peers);
    camp.script.wait_for("poll", 3);
    EXPECT_TRUE(camp.stop());
    EXPECT_EQ(camp.script.calls[0], "announce 1");
    EXPECT_EQ(camp.script.calls[1], "poll");
    const auto report = camp.scout->report();
    EXPECT_EQ(report.plugin, "fake");
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_ok, 3u);
    EXPECT_EQ(report.polls_failed, 0u);
    EXPECT_TRUE(report.good_at);
    EXPECT_FALSE(report.last_failure);
}

Peer listed(int n) { return {.id = id(n), .uuid = {}, .addresses = {{"host", 1}}, .api = {}}; }

TEST(Scout, PostsNoSnapshotTwice) {
    Camp camp;
    camp.scout->start();
    EXPECT_TRUE(camp.next<PeersPolled>().peers.empty()) << "the first in any case";
    camp.expect_silence();

    for (const auto& peers : {std::vector{listed(2)}, {listed(2), listed(3)}, {listed(3)}, {}}) {
        camp.script.list(peers);
        EXPECT_EQ(camp.next<PeersPolled>().peers, peers);
        camp.expect_silence();
    }
    EXPECT_GE(camp.scout->report().polls_ok, 25u) << "counted all the same";
}

TEST(Scout, PostsAfterAFailureOnlyWhatHasChangedMeanwhile) {
    Camp camp;
    camp.script.peers = {listed(2)};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.fail("away");
    camp.expect_silence();
    camp.script.fail("");
    camp.expect_silence();
    EXPECT_EQ(camp.scout->report().fault, "");

    camp.script.fail("away");
    camp.expect_silence();
    camp.script.list({listed(3)});
    camp.script.fail("");
    EXPECT_EQ(camp.next<PeersPolled>().peers, std::vector{listed(3)});
}

TEST(Scout, AFailingPollKeepsTheLastGoodAnswerInUse) {
    Camp camp;
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.fail("the file is gone");
    const auto before = camp.script.count("poll");
    camp.script.wait_for("poll", before + 3);
    EXPECT_TRUE(camp.stop());

    const auto report = camp.scout->report();
    EXPECT_EQ(report.fault, "the file is gone");
    ASSERT_TRUE(report.last_failure);
    EXPECT_EQ(report.last_failure->call, "poll");
    EXPECT_EQ(report.last_failure->error, "the file is gone");
    EXPECT_FALSE(report.last_failure->hung);
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_failed, 2u);
    EXPECT_EQ(camp.lines_with("the file is gone"), 1) << "said once";
    for (const auto& event : camp.events) {
        ASSERT_TRUE(std::holds_alternative<PeersPolled>(event));
        EXPECT_EQ(std::get<PeersPolled>(event).peers.size(), 1u) << "never an empty snapshot";
    }
}

// Of 512 addresses and more a transport reaches some no more, perhaps the voters.
TEST(Scout, RefusesASnapshotOfTooManyAddresses) {
    const auto crowd = [](std::size_t addresses) {
        Peer peer{.id = id(2), .uuid = {}, .addresses = {}, .api = {}};
        for (std::size_t port = 1; port <= addresses; ++port) {
            peer.addresses.push_back({"two", static_cast<std::uint16_t>(port)});
        }
        return peer;
    };
    Camp camp;
    camp.script.peers = {crowd(kSnapshotAddressesMax)};
    camp.scout->start();
    (void)camp.next<PeersPolled>();
    EXPECT_EQ(camp.scout->report().fault, "");

    camp.script.list({crowd(kSnapshotAddressesMax), listed(3)});
    camp.expect_silence();
    EXPECT_EQ(camp.scout->report().fault,
              "it returns 257 addresses, but the limit is 256; remove those that do not belong to "
              "this cluster");
}

TEST(Scout, SaysWhenItWorksAgain) {
    Camp camp;
    camp.script.fail("away");
    camp.scout->start();
    camp.script.wait_for("poll", 2);
    camp.script.fail("");

    (void)camp.next<PeersPolled>();
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.lines_with("works again"), 1);
    EXPECT_EQ(camp.scout->report().fault, "");
    ASSERT_TRUE(camp.scout->report().last_failure) << "why it failed stays visible";
    EXPECT_EQ(camp.scout->report().last_failure->error, "away");
    EXPECT_LE(camp.scout->report().last_failure->at, camp.scout->report().good_at);
}

TEST(Scout, AClaimGoesToTheArbiterAndItsWordComesBack) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);

    camp.scout->claim({"mine", uuid(1)});

    EXPECT_EQ(camp.next<ArbiterAnswered>().stored, (Claim{"mine", uuid(1)}));
    camp.scout->claim({"another", uuid(2)});
    EXPECT_EQ(camp.next<ArbiterAnswered>().stored, (Claim{"mine", uuid(1)}));
    EXPECT_EQ(camp.script.count("claim demo"), 2);
}

TEST(Scout, AnArbiterThatCannotSayAnswersNothingAndIsNotForgotten) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);
    camp.script.fail("disk full");

    camp.scout->claim({"mine", uuid(1)});

    EXPECT_FALSE(camp.next<ArbiterAnswered>().stored) << "posted all the same: somebody waits";
    EXPECT_EQ(camp.scout->report().fault, "disk full");
}

TEST(Scout, WithdrawsOnceWhenItStops) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);
    EXPECT_EQ(camp.script.count("withdraw"), 0);

    EXPECT_TRUE(camp.stop());
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.script.count("withdraw"), 1);
    EXPECT_EQ(camp.script.calls.back(), "withdraw") << "nothing after it";
}

TEST(Scout, AsksAConstantDiscoveryOnlyUntilItHasAnswered) {
    Camp camp([](auto& script) { return std::make_unique<FakeConstant>(script); }, 1ms,
              Scout::kCallLimit);
    camp.script.fail("not yet");
    camp.scout->start();
    camp.script.wait_for("poll", 3);
    EXPECT_TRUE(camp.scout->watch(read_boot_clock()));
    camp.script.list({listed(2)});
    camp.script.fail("");
    EXPECT_EQ(camp.next<PeersPolled>().peers, std::vector{listed(2)});
    const auto polls = camp.script.count("poll");

    for (int n = 0; n < 20; ++n) {
        camp.scout->claim({"mine", uuid(1)});
        EXPECT_TRUE(camp.next<ArbiterAnswered>().stored) << "it is still there for other calls";
        camp.script.wait_for("claim demo", n + 1);
    }

    EXPECT_EQ(camp.script.count("poll"), polls);
    EXPECT_EQ(camp.script.count("announce 1"), polls);
    EXPECT_FALSE(camp.scout->watch(read_boot_clock())) << "nothing of it can hang any more";
    EXPECT_GE(*camp.scout->report().good_at, read_boot_clock() - 1s) << "as good as new";
    EXPECT_TRUE(camp.stop());
    EXPECT_EQ(camp.script.count("withdraw"), 1);
}

TEST(Scout, PollsAlsoWhereItCannotAnnounce) {
    Camp camp;
    camp.script.cannot_announce = "read only";
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};

    camp.scout->start();
    EXPECT_EQ(camp.next<PeersPolled>().peers, camp.script.peers);
    camp.script.wait_for("poll", 20);
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.lines_with("read only"), 1) << "not hidden by the polls that work";
    EXPECT_EQ(camp.lines_with("works again"), 0);
    ASSERT_EQ(camp.scout->report().faults.size(), 1u);
    EXPECT_EQ(camp.scout->report().faults.front().call, "announce");
}

TEST(Scout, SaysOnceThatPollAndAnnounceFailForOneReason) {
    Camp camp;
    camp.script.fail("the folder is missing");
    camp.script.cannot_announce = "the folder is missing";
    camp.scout->start();
    camp.script.wait_for("poll", 20);

    EXPECT_EQ(camp.lines_with("the folder is missing"), 1);
    EXPECT_EQ(camp.lines_with("last good answer"), 0) << "there never was one";
    EXPECT_EQ(camp.scout->report().fault, "the folder is missing");
    EXPECT_EQ(camp.scout->report().faults.size(), 2u);
}

TEST(Scout, ShowsACallThatDoesNotAnswerAtOnceAndSaysSoOnce) {
    Camp camp(1ms, 20ms);
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.hang("poll");
    camp.script.wait_for("poll hangs", 1);
    camp.watch_until(" s, its last good answer stays in use; check the file system");

    const auto report = camp.scout->report();
    ASSERT_EQ(report.faults.size(), 1u);
    EXPECT_EQ(report.faults.front().call, "poll");
    EXPECT_TRUE(report.faults.front().hangs);
    EXPECT_EQ(report.fault.find("poll has not answered for "), 0u) << report.fault;
    ASSERT_TRUE(report.last_failure);
    EXPECT_EQ(report.last_failure->error, report.fault);
    EXPECT_TRUE(report.last_failure->hung);
    camp.scout->watch(read_boot_clock() + 30s);
    EXPECT_EQ(camp.lines_with("not answered"), 1);
    camp.scout->watch(read_boot_clock() + 90s);
    EXPECT_EQ(camp.lines_with("not answered"), 2) << "once a minute while it lasts";

    camp.script.hang("");
    camp.script.wait_for("poll", camp.script.count("poll") + 2);
    EXPECT_EQ(camp.lines_with("works again after"), 1);
    EXPECT_EQ(camp.scout->report().fault, "");
    ASSERT_TRUE(camp.scout->report().last_failure);
    EXPECT_TRUE(camp.scout->report().last_failure->hung) << "it came back, but too late";
}

TEST(Scout, NamesNoLastGoodAnswerWhereThereNeverWasOne) {
    Camp camp(1ms, 20ms);
    camp.script.hang("poll");
    camp.scout->start();
    camp.script.wait_for("poll hangs", 1);

    camp.watch_until(" s, it has not named any node yet; check the file system");

    EXPECT_EQ(camp.lines_with("last good answer"), 0);
}

TEST(Scout, StopsACallThatTakesTooLongAndGoesOn) {
    Camp camp(1ms, 20ms);
    camp.script.hang("announce", true);
    camp.scout->start();
    camp.script.wait_for("announce hangs", 1);

    camp.watch_until("has not answered");

    camp.script.wait_for("poll", 1);
    EXPECT_EQ(camp.lines_with("was stopped"), 0) << "that is our own doing";
    EXPECT_TRUE(camp.stop());
}

TEST(Scout, EndsInTimeAndLeavesBehindWhatDoesNotComeBack) {
    for (const std::string call : {"announce", "poll", "withdraw"}) {
        Camp camp;
        camp.script.hang(call);
        camp.scout->start();
        if (call != "withdraw") camp.script.wait_for(call + " hangs", 1);

        EXPECT_FALSE(camp.stop(700ms)) << call;
        EXPECT_FALSE(camp.stop(0ms)) << call;

        EXPECT_EQ(camp.lines_with("is left behind plugin=fake call=" + call), 1);
        const auto events = camp.events.size();
        camp.script.hang("");
        EXPECT_TRUE(camp.stop()) << "waits for the end of what was left behind";
        EXPECT_EQ(camp.events.size(), events) << "nothing is posted any more";
    }
}

TEST(Scout, StopsWhatIsUnderWayWhenItEndsAndThenWithdraws) {
    for (const std::string call : {"announce", "poll", "withdraw"}) {
        Camp camp;
        camp.script.hang(call, true);
        camp.scout->start();
        if (call != "withdraw") camp.script.wait_for(call + " hangs", 1);

        EXPECT_TRUE(camp.stop(call == "withdraw" ? 700ms : 30s)) << call;

        EXPECT_EQ(camp.script.count("withdraw"), 1);
        EXPECT_EQ(camp.lines_with("was stopped"), 0) << "that is our own doing";
    }
}

TEST(Scout, StopsWithoutHavingStarted) {
    Camp camp;

    EXPECT_TRUE(camp.stop());

    EXPECT_TRUE(camp.script.calls.empty());
}

}  // namespace
}  // namespace electiond
