// Slow disks: of the nodes that must vote, and of a leader that must save.
#include "lab_test.h"

namespace electiond::lab {
namespace {

using Clock = std::chrono::steady_clock;

class SlowDisk : public LabTest {
  protected:
    void found(int nodes) {
        lab_ =
            std::make_unique<JudgedLab>(Lab::Setting{.nodes = nodes, .election_timeout = kSteady});
        lab_->start_all();
        leader_ = lab_->await_agreement();
        ASSERT_NE(leader_, 0);
        ASSERT_TRUE(cluster::wait_until(
            [&] { return lab_->get(leader_, "/status").number("quorum") == nodes / 2 + 1; }));
        ASSERT_TRUE(lab_->await_calm(kSteady));
        token_ = lab_->newest_token();
    }
    [[nodiscard]] int follower(int which) const {
        return (leader_ - 1 + which) % lab_->plan().nodes + 1;
    }
    void expect_lead_within(Instant harmed, Milliseconds limit) {
        const auto lead = lab_->await_lead_after(token_);
        ASSERT_TRUE(lead);
        EXPECT_NE(lead->node, leader_);
        EXPECT_LE(ms_between(harmed, lead->first_answered), static_cast<double>(limit.count()));
    }
    [[nodiscard]] bool logs(int node, const std::string& words) {
        return cluster::wait_until(
            [&] { return cluster::read(lab_->log(node)).find(words) != std::string::npos; });
    }

    std::unique_ptr<JudgedLab> lab_;
    int leader_ = 0;
    Token token_ = 0;
};

TEST_F(SlowDisk, OfBothWhoMustVoteCostsNoSecondTimeout) {
    ASSERT_NO_FATAL_FAILURE(found(3));
    for (int which = 1; which <= 2; ++which) lab_->sync_takes(follower(which), kSteady / 8);

    const auto killed = Clock::now();
    lab_->kill9(leader_);

    expect_lead_within(killed, 2 * kSteady);
}

// A vote that comes after request_timeout is still a vote: else there would never be a leader.
TEST_F(SlowDisk, SlowerThanARequestWaitsStillElects) {
    ASSERT_NO_FATAL_FAILURE(found(3));
    for (int which = 1; which <= 2; ++which) lab_->sync_takes(follower(which), kSteady * 3 / 10);

    lab_->kill9(leader_);

    ASSERT_TRUE(lab_->await_lead_after(token_));
}

// The leader hangs in the save of a new configuration, while one more node is dead.
TEST_F(SlowDisk, SlowerThanTheLeaseIsALostLeadAndSaidSo) {
    ASSERT_NO_FATAL_FAILURE(found(5));
    lab_->sync_takes(leader_, 4 * kSteady);

    const auto harmed = Clock::now();
    lab_->kill9(follower(1));
    (void)cluster::ask(lab_->host(leader_), lab_->api_port(leader_), "DELETE",
                       "/members/" + std::to_string(follower(2)), "", kSteady / 10);

    expect_lead_within(harmed, 2 * kSteady);
    EXPECT_TRUE(logs(leader_, "the disk has not finished a write of the state file"));
    EXPECT_TRUE(logs(leader_, "this node lost its leadership meanwhile"));
}

}  // namespace
}  // namespace electiond::lab
