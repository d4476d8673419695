// Packets that get lost at random, all the while: fewer than TCP can make good, and more.
#include "lab_test.h"

namespace electiond::lab {
namespace {

class Loss : public LabTest, public testing::WithParamInterface<std::string> {
  protected:
    void SetUp() override {
        LabTest::SetUp();
        if (IsSkipped()) return;
        lab_ = std::make_unique<JudgedLab>(
            Lab::Setting{.election_timeout = kSteady, .transport = GetParam()});
        try {
            lab_->lose_packets(0.5);
        } catch (const std::exception& error) {
            GTEST_SKIP() << "packets cannot be lost here: " << error.what();
        }
        lab_->lose_packets(0);
        lab_->start_all();
        leader_ = lab_->await_agreement();
        ASSERT_NE(leader_, 0);
    }

    std::unique_ptr<JudgedLab> lab_;
    int leader_ = 0;
};

TEST_P(Loss, OneInTwentyCostsNobodyTheLead) {
    const auto token = lab_->newest_token();
    lab_->lose_packets(0.05);

    const auto disturbed = [&] { return lab_->newest_token() != token; };
    EXPECT_FALSE(cluster::wait_until(disturbed, 8 * kSteady));
    EXPECT_EQ(lab_->await_agreement(), leader_);
}

// Whether anybody leads for long is luck then; that never two do is not, and all is well after it.
TEST_P(Loss, WithThreeInTenALostLeaderIsReplacedAllTheSame) {
    lab_->lose_packets(0.3);
    const auto token = lab_->newest_token();
    lab_->kill9(leader_);
    EXPECT_TRUE(lab_->await_lead_after(token));

    lab_->start(leader_);
    lab_->lose_packets(0);
    EXPECT_NE(lab_->await_agreement(), 0);
}

INSTANTIATE_TEST_SUITE_P(, Loss, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

}  // namespace
}  // namespace electiond::lab
