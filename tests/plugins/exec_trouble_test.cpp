// The discovery `exec` and programs that fail, print too much, do not end, or cannot be started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <stop_token>

#include "discovery/exec_scene.h"
#include "exec/scheduled_program.h"

namespace electiond::bench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

TEST_F(Programs, ThatFailSayWhyInTheFirstLineOfStandardError) {
    const auto discovery = lister(
        "echo '{\"address\":\"h:1\"}'; echo; echo no such inventory >&2; "
        "echo more >&2; exit 3");
    EXPECT_EQ(poll_fault(*discovery), "the program " + (folder_ / "list").string() +
                                          " ended with exit code 3: \"no such inventory\"");
    EXPECT_THAT(poll_fault(*lister("exit 1")),
                HasSubstr("exit code 1; it wrote nothing to standard error, so run it by hand"));
    EXPECT_THAT(poll_fault(*lister("kill -9 $$")), HasSubstr("was killed by SIGKILL"));
    EXPECT_THAT(poll_fault(*lister("echo 'Traceback (most recent call last):' >&2; echo '  File' "
                                   ">&2; echo 'KeyError: 7' >&2; exit 1")),
                HasSubstr("exit code 1: \"KeyError: 7\""));
    EXPECT_THAT(poll_fault(*lister("printf 'a\\033[31m\\tb\\377' >&2; exit 1")),
                HasSubstr("\"a [31m b"));
}

TEST_F(Programs, KeepFailingUntilTheyWorkAgain) {
    const auto discovery =
        lister("echo x >>\"$1/runs\"; test -e \"$1/well\" || exit 9; " + std::string(kOne));
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("exit code 9"));
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("exit code 9"));  // also before the next run
    write(folder_ / "well", "");
    EXPECT_TRUE(eventually([&] { return poll_fault(*discovery).empty(); }));
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    fs::remove(folder_ / "well");
    EXPECT_TRUE(eventually([&] { return !poll_fault(*discovery).empty(); }));
}

TEST_F(Programs, ThatPrintGarbageAreNamedWithTheLine) {
    const auto discovery = lister(std::string(kOne) + "; echo '<html>'");
    EXPECT_THAT(poll_fault(*discovery),
                MatchesRegex("the program .*/list printed line 2, \"<html>\", which must be .*"));
    EXPECT_THAT(poll_fault(*lister("head -c 100000 /dev/urandom")), HasSubstr("printed line "));
    EXPECT_THAT(poll_fault(*lister("head -c 100000 /dev/zero")), HasSubstr("printed line 1"));
}

TEST_F(Programs, ThatPrintAGigabyteAreTerminated) {
    const auto begun = Clock::now();
    const auto discovery =
        lister("echo $$ >\"$1/pid\"; exec head -c 1000000000 /dev/zero", "60s", "1h");
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("printed more than 1 MiB, so it was terminated"));
    EXPECT_LT(Clock::now() - begun, seconds(20));
    EXPECT_TRUE(dead(process_in("pid")));
}

TEST_F(Programs, ThatWriteAGigabyteOfErrorsAreHeardAllTheSame) {
    const auto discovery =
        lister("head -c 50000000 /dev/zero | tr '\\0' e >&2; " + std::string(kOne), "60s", "1h");
    EXPECT_TRUE(eventually([&] { return poll_fault(*discovery).empty(); }));
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    EXPECT_THAT(lines_.take(), ElementsAre(SizeIs(testing::Lt(500))));
}

TEST_F(Programs, ThatNeverEndAreTerminatedWithTheirChildren) {
    const auto discovery =
        lister("sleep 1000 & echo $! >\"$1/left\"; echo waiting >&2; wait; sleep 1000", "2s", "1h");
    EXPECT_THAT(
        poll_fault(*discovery),
        HasSubstr("has not ended within 2 s, so it was terminated; make it faster, or raise "
                  "timeout: \"waiting\""));
    EXPECT_TRUE(eventually([&] { return dead(process_in("left")); }));
}

TEST_F(Programs, ThatIgnoreTermAreKilled) {
    const auto discovery = lister(
        "trap '' TERM; echo $$ >\"$1/pid\"; (trap '' TERM; sleep 1000) & echo $! >\"$1/left\"; "
        "while :; do sleep 1; done",
        "300ms", "1h");
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("has not ended within 300 ms"));
    EXPECT_TRUE(dead(process_in("pid")));
    EXPECT_TRUE(eventually([&] { return dead(process_in("left")); }));
}

TEST_F(Programs, ThatLeaveProcessesBehindCountAndLeaveNone) {
    const auto discovery =
        lister(std::string(kOne) + "; sleep 1000 & echo $! >\"$1/left\"", "60s", "1h");
    const auto begun = Clock::now();
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    EXPECT_LT(Clock::now() - begun, seconds(20));  // the other one holds standard output open
    EXPECT_TRUE(eventually([&] { return dead(process_in("left")); }));
}

// Processes left behind may print until they are killed; then the output could end within a line.
TEST_F(Programs, ThatLeaveProcessesBehindWhichPrintTooMuchHaveFailed) {
    const auto discovery = lister(
        "rm -f \"$1/ready\"; (trap 'echo more than there is room for; exit' TERM; "
        ": >\"$1/ready\"; while :; do sleep 0.01; done) & "
        "until test -e \"$1/ready\"; do sleep 0.01; done; yes '' | head -c 1048570");
    EXPECT_TRUE(eventually([&] {
        return poll_fault(*discovery).find("printed more than 1 MiB") != std::string::npos;
    }));
}

TEST_F(Programs, ThatForkIntoTheBackgroundListNoPeer) {
    const auto discovery = lister("(sleep 1; " + std::string(kOne) + ") & exit 0", "60s", "1h");
    EXPECT_THAT(discovery->poll(), IsEmpty());
}

TEST_F(Programs, ThatCloseTheirOutputAreAwaited) {
    const auto discovery = lister(std::string(kOne) + "; exec >&- 2>&-; sleep 0.3; exit 4");
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("exit code 4"));
    EXPECT_THAT(lister(std::string(kOne) + "; exec >&-; sleep 0.1")->poll(), SizeIs(1));
    EXPECT_THAT(lister("exec >&- 2>&- <&-")->poll(), IsEmpty());
}

TEST_F(Programs, ThatStopThemselvesAreTerminated) {
    EXPECT_THAT(poll_fault(*lister("kill -STOP $$", "300ms", "1h")), HasSubstr("has not ended"));
}

TEST_F(Programs, ThatCannotBeStartedAreNamedWithTheReason) {
    const auto started = [&](const std::string& path) {
        return poll_fault(*made({{"command", list({path})}}));
    };
    EXPECT_THAT(started((folder_ / "none").string()),
                AllOf(HasSubstr("/none cannot be started: No such file"),
                      HasSubstr("it does not exist; install it, or correct the path")));
    const auto plain = folder_ / "plain";
    write(plain, "#!/bin/sh\n");
    EXPECT_THAT(started(plain.string()), HasSubstr("chmod +x"));
    EXPECT_THAT(started(folder_.path().string()), HasSubstr("is a directory; name a program"));
    EXPECT_THAT(started((plain / "x").string()), HasSubstr("Not a directory"));
    EXPECT_THAT(started(script("lost", "", "#! /no/shell -e")),
                HasSubstr("its interpreter \"/no/shell\" (in its first line): No such file"));
    EXPECT_THAT(started(script("windows", "", "#!/bin/sh\r")), HasSubstr("carriage return"));
    EXPECT_THAT(started(script("empty", "", "#!  ")), HasSubstr("names no interpreter"));
    EXPECT_THAT(started(script("bare", "echo", "echo")),
                AllOf(HasSubstr("Exec format error"), HasSubstr("#!/bin/sh, for example")));
}

// ---- calls and time -----------------------------------------------------------------------------

// The host reports a call that takes 5 s as hanging; a program may take longer.
TEST_F(Programs, ThatAreSlowAreAwaitedInSeveralCalls) {
    const auto discovery = lister(
        "echo x >>\"$1/runs\"; until test -e \"$1/go\"; do sleep 0.02; "
        "done; " +
            std::string(kOne),
        "60s", "1h");
    const auto begun = Clock::now();
    EXPECT_THAT(poll_fault(*discovery), HasSubstr("has not ended yet"));
    EXPECT_LT(Clock::now() - begun, seconds(30));
    static_assert(discovery::ScheduledProgram::kWaitLimit < seconds(5));

    write(folder_ / "go", "");
    EXPECT_TRUE(eventually([&] { return poll_fault(*discovery).empty(); }));
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    EXPECT_EQ(written("runs"), "x\n");
}

TEST_F(Programs, ThatAreSlowLaterDelayNoAnswer) {
    const auto discovery = lister("test -e \"$1/slow\" && sleep 1000; " + std::string(kOne));
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    write(folder_ / "slow", "");
    const auto begun = Clock::now();
    ::poll(nullptr, 0, 200);  // longer than the interval: the next call starts the slow one
    EXPECT_THAT(discovery->poll(), SizeIs(1));
    EXPECT_LT(Clock::now() - begun, seconds(25)) << "not until its timeout";
}

// The contract says 0.5 s, which the kit measures. A machine with much else to do gets more, but
// not the 4 s that a call waits for a program.
constexpr seconds kSoon{2};

TEST_F(Programs, DoNotDelayTheEndOfACall) {
    const auto stubborn =
        script("stubborn", "trap '' TERM; echo $$ >\"$1/pid\"; while :; do sleep 1; done");
    const auto words = list({stubborn, folder_.path().string()});
    auto discovery = made({{"command", words}, {"announce", words}, {"withdraw", words}});
    EXPECT_LT(stopped_after([&](std::stop_token stop) {
                  EXPECT_THAT(fault([&] { discovery->announce(node("1", 1), stop); }),
                              HasSubstr("stopped while it ran the announce program"));
              }),
              kSoon);
    EXPECT_LT(stopped_after([&](std::stop_token stop) {
                  EXPECT_THAT(fault([&] { (void)discovery->poll(stop); }), HasSubstr("stopped"));
              }),
              kSoon);
    EXPECT_LT(stopped_after([&](std::stop_token stop) { discovery->withdraw(stop); }), kSoon);
    EXPECT_TRUE(dead(process_in("pid")));
    EXPECT_THAT(lines_.take(), ElementsAre(HasSubstr("this node's entry may not have been removed: "
                                                     "stopped while it ran the withdraw program")));

    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(fault([&] { (void)discovery->poll(stop.get_token()); }), HasSubstr("stopped"));
}

TEST_F(Programs, EndWithTheObject) {
    auto discovery = lister(
        "trap '' TERM; sleep 1000 & echo $! >\"$1/left\"; echo $$ >\"$1/pid\"; "
        "while :; do wait; done",
        "60s", "1h");
    (void)stopped_after(
        [&](std::stop_token stop) { (void)fault([&] { (void)discovery->poll(stop); }); });
    ASSERT_TRUE(eventually([&] { return process_in("pid") > 0; }));
    ASSERT_FALSE(dead(process_in("pid")));

    const auto begun = Clock::now();
    discovery.reset();

    EXPECT_LT(Clock::now() - begun, seconds(20)) << "not until its timeout";
    EXPECT_TRUE(dead(process_in("pid")));
    EXPECT_TRUE(eventually([&] { return dead(process_in("left")); }));
}

}  // namespace
}  // namespace electiond::bench
