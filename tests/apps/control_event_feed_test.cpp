// The text of event streams when board, journal and lease do not change at the same moment.
#include "control/event_feed.h"

#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Index kFirst = (1ULL << 32) + 1;

class Feed : public ::testing::Test, public ControlBench {
  protected:
    Feed() { show(blank()); }
    void note() { journal.note(now, PeerNoted{.id = NodeId("4"), .term = 7}); }
    void show(Shown status) {
        status.index = journal.index();
        board.publish(status, now);
    }
    static std::string id(Index index) { return "id: " + std::to_string(index) + "\n"; }

    ControlDependencies all = dependencies();
};

// An entry is in the journal a moment before it is on the board. It must not be sent with an older
// status, nor twice to a new stream.
TEST_F(Feed, TellsAnEntryOnceTheBoardShowsIt) {
    EventFeed feed(all);
    note();
    show(blank());
    note();
    show(blank());
    note();

    EXPECT_THAT(feed.news(), AllOf(HasSubstr(id(kFirst)), HasSubstr(id(kFirst + 1)),
                                   Not(HasSubstr(id(kFirst + 2)))));
    EXPECT_THAT(feed.beginning(std::to_string(kFirst)),
                AllOf(HasSubstr(id(kFirst + 1)), Not(HasSubstr(id(kFirst + 2)))));
    EXPECT_EQ(feed.news(), "");

    show(blank());
    EXPECT_THAT(feed.news(), HasSubstr(id(kFirst + 2)));
    EXPECT_EQ(feed.news(), "");
    EXPECT_EQ(feed.written(), 3U);
}

// The board changes between the last news() and a beginning(): the next news() sends the change.
TEST_F(Feed, BeginsWhereItsNewsEnded) {
    EventFeed feed(all);
    note();
    auto status = blank();
    status.term = 9;
    show(status);

    EXPECT_THAT(feed.beginning({}), AllOf(HasSubstr(id(kFirst - 1)), HasSubstr(R"("term":7)"),
                                          HasSubstr(R"("why":"begin")")));
    EXPECT_THAT(feed.news(), HasSubstr(id(kFirst)));
    EXPECT_THAT(feed.beginning({}), AllOf(HasSubstr(id(kFirst)), HasSubstr(R"("term":9)")));
}

TEST_F(Feed, TellsAnEndOfTheLeaseOnce) {
    show(leading(900ms));
    EventFeed feed(all);
    now += 899ms;
    EXPECT_EQ(feed.news(), "");
    now += 1ms;
    EXPECT_EQ(feed.news(),
              "event: state\n"
              R"(data: {"at":"2023-11-14T22:13:20.000Z","state":"FOLLOWER","isLeader":false,)"
              R"("term":7,"fencingToken":0,"leaseRemainingMs":0,"reason":"lease_expired"})"
              "\n\n");
    EXPECT_EQ(feed.news(), "");
}

// If a lead ends in another way, the board shows it a moment before its entry, which has the
// reason.
TEST_F(Feed, TellsNoEndOfTheLeaseWhereTheLeadEndedBefore) {
    for (const bool draining : {true, false}) {
        show(leading(900ms));
        EventFeed feed(all);
        auto status = leading(900ms);
        status.leadership.draining = draining;
        status.leadership.in_office = draining;
        show(status);
        EXPECT_EQ(feed.news(), "");
        now += 900ms;
        EXPECT_EQ(feed.news(), "") << (draining ? "draining" : "no longer in office");
    }
}

}  // namespace
}  // namespace electiond::testing
