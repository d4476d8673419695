// GET /events over real sockets: what a stream begins with, what follows, and the end of a lease.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "control_events_scene.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// ---- Beginnings

TEST_F(Events, BeginWithTheWholeState) {
    auto stream = watch();

    EXPECT_THAT(stream.head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(stream.head, Not(HasSubstr("Content-Length")));
    EXPECT_EQ(stream.retry, kRetry);
    const auto reset = stream.next();
    EXPECT_EQ(reset.name, "reset");
    EXPECT_EQ(reset.index(), journal.index());
    auto state = reset.object();
    EXPECT_EQ(state->getValue<std::string>("why"), "begin");
    EXPECT_EQ(state->getValue<Index>("index"), reset.index());
    state->remove("why");
    const auto status = json(body_of(connect().send(request("GET /status")).answer()));
    EXPECT_EQ(state->getNames(), status->getNames());
}

TEST_F(Events, FollowTheirBeginning) {
    auto stream = watch();
    EXPECT_EQ(stream.next().name, "reset");
    happens(3);
    for (Index i = 0; i < 3; ++i) {
        const auto event = stream.next();
        EXPECT_EQ(event.name, "peer");
        EXPECT_EQ(event.index(), kFirst + i);
        EXPECT_EQ(event.object()->getValue<Index>("index"), kFirst + i);
    }
}

TEST_F(Events, ResumeWithoutGapOrRepeat) {
    happens(5);
    for (auto* how : {"header", "query", "both"}) {
        SCOPED_TRACE(how);
        const auto id = std::to_string(kFirst + 1);
        // A browser repeats the query of its first request; its header is newer.
        auto stream = *how == 'h'   ? resume(kFirst + 1)
                      : *how == 'q' ? watch("", "?lastEventId=" + id)
                                    : watch("Last-Event-ID: " + id + "\r\n", "?lastEventId=1");
        happens(1);
        const auto last = journal.index();
        for (Index index = kFirst + 2; index <= last; ++index) {
            EXPECT_EQ(stream.next().index(), index);
        }
        settle();
        EXPECT_FALSE(stream.is_told());
    }
}

TEST_F(Events, BeginWithACommentWhereNothingIsNew) {
    happens(2);
    auto stream = resume(journal.index());
    EXPECT_EQ(stream.retry, kRetry);
    EXPECT_EQ(stream.text(), ":\n\n");
    settle();
    EXPECT_FALSE(stream.is_told());
    happens(1);
    EXPECT_EQ(stream.next().index(), kFirst + 2);
}

TEST_F(Events, SayWhyTheyDoNotResume) {
    happens(static_cast<int>(Journal::kKept) + 10);
    EXPECT_EQ(why(std::to_string(kFirst)), "gap");
    EXPECT_EQ(why(std::to_string(kFirst + 8)), "gap") << "the last that is not kept";
    EXPECT_EQ(why(std::to_string(kFirst + 9)), "") << "all after it are kept";
    for (const char* id : {"x", "-1", "1x", "+1", "99999999999999999999999"}) {
        EXPECT_EQ(why(id), "gap") << id;
    }
    EXPECT_EQ(why("17"), "restart") << "of a life before";
    EXPECT_EQ(why(std::to_string((2ULL << 32) + 5)), "restart");
    EXPECT_EQ(why(std::to_string(journal.index() + 1)), "restart") << "before the data was lost";
    EXPECT_EQ(why(""), "begin");
}

// The state and the index of a reset belong together, and each later entry follows once, however
// the beginning of a stream and the changes fall together.
TEST_F(Events, MissNothingAndRepeatNothingWhileTheyBegin) {
    constexpr int kChanges = 400;
    std::atomic<bool> over = false;
    std::thread changes([&] {
        for (int i = 0; i < kChanges; ++i) {
            happens(Change(noted(i)));
            if (i % 3 == 0) std::this_thread::yield();
        }
        over = true;
    });
    std::deque<Watching> streams;
    std::vector<Index> places;
    for (int i = 0; i < 60 || !over; ++i) {
        if (i % 2 == 0 || places.empty()) {
            auto& stream = streams.emplace_back(watch());
            const auto reset = stream.next();
            EXPECT_EQ(reset.object()->getValue<Index>("index"), reset.index());
            places.push_back(reset.index());
        } else {
            streams.push_back(resume(places.back()));
            places.push_back(places.back());
        }
        if (streams.size() > 200) break;
    }
    changes.join();
    const auto last = journal.index();
    for (std::size_t i = 0; i < streams.size(); ++i) {
        for (auto index = places[i] + 1; index <= last; ++index) {
            ASSERT_EQ(streams[i].next().index(), index) << "stream " << i;
        }
    }
    settle();
    for (auto& stream : streams) EXPECT_FALSE(stream.is_told());
}

// ---- The end of a lease

// The loop hangs: nothing is recorded and nothing published.
TEST_F(Events, TellTheEndOfALeaseWhileTheLoopHangs) {
    const auto status = leading_for(300ms);
    happens(StateChanged{.state = State::leader, .term = 7}, status);
    auto stream = watch();
    EXPECT_TRUE(stream.next().object()->getValue<bool>("isLeader"));

    const auto end = stream.next();

    EXPECT_GE(read_boot_clock(), status.leadership.lease_until);
    EXPECT_EQ(end.name, "state");
    EXPECT_EQ(end.id, "") << "the client keeps the last index that it has";
    const auto told = end.object();
    EXPECT_FALSE(told->has("index"));
    EXPECT_FALSE(told->getValue<bool>("isLeader"));
    EXPECT_NE(told->getValue<std::string>("state"), "LEADER");
    EXPECT_EQ(told->getValue<int>("fencingToken"), 0);
    EXPECT_EQ(told->getValue<int>("leaseRemainingMs"), 0);
    EXPECT_EQ(told->getValue<std::string>("reason"), "lease_expired");
    EXPECT_EQ(told->getValue<std::string>("at").size(), 24U);

    // The loop runs again: the journal's own entry has its index.
    happens(StateChanged{.state = State::follower, .term = 7, .reason = Reason::lease_expired});
    EXPECT_EQ(stream.next().index(), journal.index());
    settle();
    EXPECT_FALSE(stream.is_told());
}

// The same lease is renewed, so no entry says that this node leads again.
TEST_F(Events, TellTheReturnOfALeaseThatNoEntryTells) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading_for(100ms));
    auto stream = resume(journal.index());
    EXPECT_FALSE(stream.next().object()->getValue<bool>("isLeader"));

    // A client that resumes at the last index has not received it.
    auto another = resume(journal.index());
    const auto told = another.next();
    EXPECT_EQ(told.id, "");
    EXPECT_EQ(told.object()->getValue<std::string>("reason"), "lease_expired");

    show(leading(1h));
    for (auto* each : {&stream, &another}) {
        const auto again = each->next();
        EXPECT_EQ(again.name, "state");
        EXPECT_EQ(again.id, "");
        EXPECT_TRUE(again.object()->getValue<bool>("isLeader"));
        EXPECT_EQ(again.object()->getValue<int>("fencingToken"), 7);
        EXPECT_GT(again.object()->getValue<int>("leaseRemainingMs"), 1000);
    }
    EXPECT_TRUE(resume(journal.index()).next().object()->getValue<bool>("isLeader"));
}

// A lead that ends by a command is on the board a moment before its entry: the event comes with the
// entry.
TEST_F(Events, LeaveALeadThatEndsOnPurposeToItsEntry) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading(1h));
    auto stream = watch();
    stream.next();
    auto status = leading(1h);
    status.leadership.draining = true;
    show(status);
    settle();
    EXPECT_FALSE(stream.is_told());
    happens(StateChanged{.state = State::follower, .term = 7, .reason = Reason::step_down}, status);
    EXPECT_EQ(stream.next().object()->getValue<std::string>("reason"), "step_down");
}

// A quorum of more voters may need an older answer.
TEST_F(Events, SeeALeaseThatEndsSoonerThanBefore) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading_for(1h));
    auto stream = watch();
    stream.next();
    happens(VotersChanged{.voter = {NodeId("4"), NodeUuid("uuid-4")}, .came = true},
            leading_for(100ms));
    EXPECT_EQ(stream.next().name, "membership");
    EXPECT_EQ(stream.next().object()->getValue<std::string>("reason"), "lease_expired");
}

TEST_F(Events, WatchEachLeaseAnew) {
    for (int lease = 0; lease < 3; ++lease) {
        happens(StateChanged{.state = State::leader, .term = 7}, leading_for(60ms));
        EXPECT_EQ(watch().next().name, "reset");
        auto stream = resume(journal.index());
        EXPECT_EQ(stream.next().id, "");
    }
}

}  // namespace
}  // namespace electiond::testing
