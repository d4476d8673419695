// ViewMaker makes a view anew only if something in it has changed.
#include "node/view_maker.h"

#include <gtest/gtest.h>

#include "stage.h"

namespace electiond {
namespace {

std::shared_ptr<const NodeView> view(const Stage& stage) { return stage.board.read()->view; }

TEST(ViewMaker, AFollowersViewStaysTheSameObjectWhileItIsOnlyLed) {
    Stage stage;
    stage.heartbeat(2, 4);
    const auto before = view(stage);

    for (int n = 0; n < 10; ++n) {
        stage.pass(kH);
        stage.heartbeat(2, 4);
    }

    EXPECT_EQ(view(stage), before);
}

TEST(ViewMaker, AnotherLeaderMakesAnotherView) {
    Stage stage;
    stage.heartbeat(2, 4);
    const auto before = view(stage);

    stage.heartbeat(3, 5);

    EXPECT_NE(view(stage), before);
    EXPECT_EQ(before->followed->uuid, uuid(2)) << "who holds the old one goes on reading it";
    EXPECT_EQ(view(stage)->followed->uuid, uuid(3));
}

TEST(ViewMaker, ARefusedMessageIsShownAtOnce) {
    Stage stage;
    const auto before = view(stage);

    stage.ask("heartbeat", "no json");

    EXPECT_NE(view(stage), before);
    EXPECT_EQ(view(stage)->rejected.at("malformed"), 1u);
}

TEST(ViewMaker, ALeaderShowsItsContactsOnceAHeartbeatAndKeepsTheRest) {
    Stage stage;
    stage.take_the_lead();
    stage.pass(kH);  // the first acks of the lead are shown now
    const auto before = stage.board.read();
    ASSERT_EQ(before->members->list->size(), 3u);

    stage.now += Milliseconds(1);
    stage.node.tick(stage.now);
    EXPECT_EQ(stage.board.read()->members, before->members);

    stage.pass(kH);
    const auto after = stage.board.read();
    EXPECT_NE(after->members, before->members);
    EXPECT_GT(after->members->at, before->members->at);
    EXPECT_EQ(after->members->list, before->members->list) << "contacts are no change of the list";
    EXPECT_EQ(after->view, before->view) << "nor of the rest";
}

TEST(ViewMaker, ALeaderShowsEachMemberAsTheElectionDoes) {
    Stage stage;
    stage.take_the_lead();
    for (int n = 0; n < 3; ++n) {
        stage.pass(kH);
        const auto& members = *stage.board.read()->members;
        const auto shown = members.in_contact();
        const auto real = stage.node.election().members(*members.at);
        ASSERT_EQ(shown.size(), real.size());
        for (std::size_t each = 0; each < real.size(); ++each) {
            EXPECT_EQ(shown[each].uuid, real[each].uuid);
            EXPECT_EQ(shown[each].rtt, real[each].rtt);
            EXPECT_TRUE(shown[each].last_ack);
        }
    }
}

}  // namespace
}  // namespace electiond
