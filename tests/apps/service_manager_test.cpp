// The reports to a service manager; only their own thread waits for it.
#include "service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "node/clock.h"
#include "notify_socket.h"
#include "service_status.h"

namespace electiond {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Deadline in(milliseconds time) { return steady_clock::now() + time; }

NodeView view_of_three() {
    NodeView view;
    view.id = NodeId{"1"};
    view.role = MemberRole::voter;
    view.voters.resize(3);
    view.quorum = 2;
    return view;
}

Status status_with(Index index, const LeadershipState& leadership, const NodeView& view) {
    return {index, 7, leadership, std::make_shared<const NodeView>(view),
            std::make_shared<const MembersView>()};
}

LeadershipState leading() {
    LeadershipState state;
    state.in_office = true;
    state.token = 7;
    state.lease_until = read_boot_clock() + hours(1);
    return state;
}

class ServiceManagerTest : public testing::Test {
  protected:
    ServiceManagerTest() { pulse.sleeps_until(read_boot_clock() + hours(1)); }
    static void watchdog(microseconds limit) {
        ::setenv("WATCHDOG_USEC", std::to_string(limit.count()).c_str(), 1);
    }

    NotifySocket socket;
    StatusBoard board;
    LoopPulse pulse;
};

TEST_F(ServiceManagerTest, IsReadyFirstAndThenSendsTheState) {
    ServiceManager manager{Log{}};

    manager.ready(board, pulse);

    EXPECT_EQ(socket.next(), "READY=1");
    EXPECT_THAT(socket.next(), HasSubstr("STATUS=knows no leader, term 0; not a member"));
    EXPECT_TRUE(manager.stop(in(seconds(30))));
}

TEST_F(ServiceManagerTest, SendsTheStateAgainWhenItChanges) {
    ServiceManager manager{Log{}};
    manager.ready(board, pulse);
    (void)socket.next_with("STATUS=");

    board.publish(status_with(1, leading(), view_of_three()), read_boot_clock());

    EXPECT_THAT(socket.next_with("STATUS="),
                HasSubstr("STATUS=leads, term 7; voter; quorum 2 of 3 voters"));
}

TEST_F(ServiceManagerTest, FeedsTheWatchdogOnlyWhileTheElectionLoopRuns) {
    watchdog(milliseconds{40});
    ServiceManager manager{Log{}};
    manager.ready(board, pulse);
    for (int i = 0; i < 3; ++i) EXPECT_THAT(socket.next_with("WATCHDOG=1"), Not(""));

    pulse.works_since(read_boot_clock() - seconds(2));

    EXPECT_EQ(socket.next_with("stuck"),
              "STATUS=the election loop is stuck: it has handled no event for a second or longer");
    EXPECT_EQ(socket.next(milliseconds{200}), "");
    pulse.sleeps_until(read_boot_clock() + hours(1));
    EXPECT_THAT(socket.next(), StartsWith("WATCHDOG=1\nSTATUS=knows no leader"));
}

TEST_F(ServiceManagerTest, DoesNotFeedTheWatchdogOfAnotherProcess) {
    watchdog(milliseconds{40});
    ::setenv("WATCHDOG_PID", std::to_string(::getppid()).c_str(), 1);
    ServiceManager manager{Log{}};
    manager.ready(board, pulse);

    EXPECT_EQ(socket.next(), "READY=1");
    EXPECT_THAT(socket.next(), StartsWith("STATUS="));
    EXPECT_EQ(socket.next(milliseconds{200}), "");
}

TEST_F(ServiceManagerTest, SaysWhenAReloadBeginsAndEnds) {
    ServiceManager manager{Log{}};
    manager.ready(board, pulse);
    (void)socket.next_with("STATUS=");
    const auto before = steady_clock::now().time_since_epoch();

    manager.reloading();
    manager.reloaded();

    const auto message = socket.next();
    ASSERT_THAT(message, StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    const microseconds at(std::stoll(message.substr(message.rfind('=') + 1)));
    EXPECT_GE(at, std::chrono::floor<microseconds>(before));
    EXPECT_LE(at, steady_clock::now().time_since_epoch());
    EXPECT_EQ(socket.next(), "READY=1");
}

TEST_F(ServiceManagerTest, AsksForTheTimeThatAStopMayTakeAndSendsNoStateAfterIt) {
    ServiceManager manager{Log{}};
    manager.ready(board, pulse);
    (void)socket.next_with("STATUS=");

    manager.stopping(milliseconds{65'000});
    board.publish(status_with(1, leading(), view_of_three()), read_boot_clock());
    EXPECT_TRUE(manager.stop(in(seconds(30))));

    EXPECT_EQ(socket.next(),
              "STOPPING=1\nSTATUS=stops, and hands over leadership if it "
              "leads\nEXTEND_TIMEOUT_USEC=67000000");
    EXPECT_EQ(socket.next(milliseconds{200}), "");
}

TEST_F(ServiceManagerTest, WithoutASocketNothingHappens) {
    ::unsetenv("NOTIFY_SOCKET");
    ServiceManager manager{Log{}};

    manager.ready(board, pulse);
    manager.reloading();
    manager.reloaded();
    manager.stopping(seconds(5));

    EXPECT_TRUE(manager.stop(in(milliseconds{0})));
    EXPECT_EQ(socket.next(milliseconds{100}), "");
}

TEST_F(ServiceManagerTest, WaitsForNoServiceManagerThatDoesNotRead) {
    const auto run = [&] {
        socket.fill();
        ServiceManager manager{Log{}};
        manager.ready(board, pulse);
        for (int i = 0; i < 100; ++i) {
            manager.reloading();
            manager.reloaded();
        }
        board.publish(status_with(1, leading(), view_of_three()), read_boot_clock());
        manager.stopping(seconds(5));
        std::_Exit(manager.stop(in(milliseconds{50})) ? 1 : 0);
    };
    EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

TEST_F(ServiceManagerTest, LogsOnceThatNobodyCanBeReached) {
    std::vector<LogLine> lines;
    ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    {
        ServiceManager manager{Log([&](const LogLine& line) { lines.push_back(line); })};
        manager.ready(board, pulse);
        manager.reloaded();
    }
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].level, LogLevel::warning);
    EXPECT_THAT(lines[0].text, HasSubstr("NOTIFY_SOCKET: No such file or directory"));
}

TEST(ServiceStatus, NamesTheLeaderTheRoleAndTheFirstProblem) {
    const auto now = read_boot_clock();
    auto view = view_of_three();
    view.followed = Followed{};
    view.followed->id = NodeId{"2"};
    LeadershipState follows;
    follows.followed_until = now + seconds(1);
    EXPECT_EQ(service_status(status_with(1, follows, view), now),
              "follows node 2, term 7; voter; quorum 2 of 3 voters");

    view.hearsay = "3";
    LeadershipState hears;
    hears.hearsay_until = now + seconds(1);
    EXPECT_EQ(service_status(status_with(1, hears, view), now),
              "hears no leader; others report node 3, term 7; voter; quorum 2 of 3 voters");

    auto draining = leading();
    draining.draining = true;
    EXPECT_THAT(service_status(status_with(1, draining, view), now),
                StartsWith("hands its leadership over, term 7"));

    view.problems.push_back(
        {Reason::quorum_missing, {}, "no quorum: 1 of 3 voters answer (1)", now});
    EXPECT_EQ(service_status(status_with(1, {}, view), now),
              "knows no leader, term 7; voter; quorum 2 of 3 voters; no quorum: 1 of 3 voters "
              "answer (1)");

    view.problems.front().detail = "node 2 is silent (it says: x\nMAINPID=1\x01)";
    EXPECT_THAT(service_status(status_with(1, {}, view), now),
                HasSubstr("(it says: x MAINPID=1 )"));

    view.problems.clear();
    view.role = MemberRole::removed;
    EXPECT_EQ(service_status(status_with(1, {}, view), now),
              "knows no leader, term 7; removed from the cluster for good");
}

}  // namespace
}  // namespace electiond
