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

TEST(ViewMaker, ALeaderShowsTheAgesOfItsMembersOnceAHeartbeat) {
    Stage stage;
    stage.take_the_lead();
    stage.pass(kH);  // the first acks of the lead are shown now
    const auto before = stage.board.read();
    ASSERT_EQ(before->members->list.size(), 3u);

    stage.now += Milliseconds(1);
    stage.node.tick(stage.now);
    EXPECT_EQ(stage.board.read()->members, before->members);

    stage.pass(kH);
    EXPECT_NE(stage.board.read()->members, before->members);
    EXPECT_GT(stage.board.read()->members->at, before->members->at);
    EXPECT_EQ(stage.board.read()->view, before->view) << "ages are no change of the rest";
}

}  // namespace
}  // namespace electiond
