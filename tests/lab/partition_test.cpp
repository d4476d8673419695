// Partitions of three nodes: in both directions, in one, and of some links only.
#include <functional>

#include "lab_test.h"

namespace electiond::lab {
namespace {

class Partition : public LabTest {
  protected:
    void SetUp() override {
        LabTest::SetUp();
        if (IsSkipped()) return;
        lab_ = std::make_unique<JudgedLab>(Lab::Setting{.election_timeout = kSteady});
        lab_->start_all();
        leader_ = lab_->await_agreement();
        ASSERT_NE(leader_, 0);
        ASSERT_TRUE(lab_->await_calm(kSteady));
        follower_ = leader_ % 3 + 1;
        other_ = 6 - leader_ - follower_;
        token_ = lab_->newest_token();
    }

    // The follower loses sight of the leader, and that costs the others nothing, neither now nor
    // when it is back.
    void expect_undisturbed(const Links& links) {
        const auto changes = lab_->watcher().changes();
        lab_->set(links);
        EXPECT_TRUE(
            cluster::wait_until([&] { return lab_->get(follower_, "/follower").code == 503; }));
        const auto disturbed = [&] { return lab_->watcher().changes() != changes; };
        EXPECT_FALSE(cluster::wait_until(disturbed, 4 * kSteady));
        lab_->heal();
        EXPECT_EQ(lab_->await_agreement(), leader_);
        EXPECT_EQ(lab_->newest_token(), token_);
        EXPECT_EQ(lab_->watcher().changes(), changes);
    }

    // Another comes to lead, the old one knows, and follows it after `mend`.
    void expect_replaced(const std::function<void()>& harm, const std::function<void()>& mend) {
        harm();
        ASSERT_TRUE(lab_->await_lead_after(token_));
        ASSERT_TRUE(lab_->await_calm(2 * kSteady));
        const auto token = lab_->newest_token();
        const int next = lab_->watcher().leads().at(token).node;
        EXPECT_NE(next, leader_);

        mend();
        EXPECT_EQ(lab_->await_agreement(), next);
        EXPECT_EQ(lab_->newest_token(), token);
    }
    void expect_replaced(const Links& links) {
        expect_replaced([&] { lab_->set(links); },
                        [&] {
                            EXPECT_EQ(lab_->leading().size(), 1U);
                            lab_->heal();
                        });
    }

    std::unique_ptr<JudgedLab> lab_;
    int leader_ = 0, follower_ = 0, other_ = 0;
    Token token_ = 0;
};

TEST_F(Partition, AFollowerCutOffDisturbsNobody) {
    expect_undisturbed(Links(3).isolate(follower_));
}

TEST_F(Partition, AFollowerThatHearsNothingDisturbsNobody) {
    expect_undisturbed(Links(3).deafen(follower_));
}

TEST_F(Partition, AFollowerThatIsHeardByNobodyDisturbsNobody) {
    expect_undisturbed(Links(3).mute(follower_));
}

TEST_F(Partition, AFollowerThatDoesNotHearTheLeaderDisturbsNobody) {
    expect_undisturbed(Links(3).cut_one_way(leader_, follower_));
}

TEST_F(Partition, ALeaderCutOffIsReplaced) { expect_replaced(Links(3).isolate(leader_)); }

TEST_F(Partition, ALeaderThatHearsNothingIsReplaced) { expect_replaced(Links(3).deafen(leader_)); }

TEST_F(Partition, ALeaderThatIsHeardByNobodyIsReplaced) { expect_replaced(Links(3).mute(leader_)); }

// It is asked all the while, and finds the questions when it goes on.
TEST_F(Partition, ALeaderThatWasStoppedGoesOnWithoutALead) {
    expect_replaced([&] { lab_->signal(leader_, SIGSTOP); },
                    [&] { lab_->signal(leader_, SIGCONT); });
}

// Each direction is cut somewhere, and no two nodes can talk; then only one link heals.
TEST_F(Partition, NobodyLeadsWhereNoTwoNodesHearEachOther) {
    lab_->set(Links(3).cut_one_way(1, 2).cut_one_way(2, 3).cut_one_way(3, 1));
    ASSERT_TRUE(cluster::wait_until([&] { return lab_->leading().empty(); }));
    ASSERT_TRUE(lab_->await_calm(4 * kSteady));
    EXPECT_THAT(lab_->leading(), testing::IsEmpty());
    EXPECT_EQ(lab_->newest_token(), token_);

    lab_->set(Links(3).cut(leader_, follower_).cut(leader_, other_));
    EXPECT_TRUE(lab_->await_lead_after(token_));
}

}  // namespace
}  // namespace electiond::lab
