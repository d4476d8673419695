// The three partial partitions in which, as the Omni-Paxos paper (EuroSys 2023, section 2) shows,
// leader elections get stuck: quorum loss, constrained election, chained.
#include "lab_test.h"

namespace electiond::lab {
namespace {

using Clock = std::chrono::steady_clock;

class PartialPartition : public LabTest {
  protected:
    void found(int nodes) {
        lab_ =
            std::make_unique<JudgedLab>(Lab::Setting{.nodes = nodes, .election_timeout = kSteady});
        lab_->start_all();
        leader_ = lab_->await_agreement();
        ASSERT_NE(leader_, 0);
        ASSERT_TRUE(lab_->await_calm(kSteady));
    }

    // Nobody but the hub can lead, and it does, within a few election timeouts.
    void expect_led_by(int hub, const Links& links) {
        const auto token = lab_->newest_token();
        const auto cut = Clock::now();
        lab_->set(links);
        const auto next = lab_->await_lead_after(token);
        ASSERT_TRUE(next);
        EXPECT_EQ(next->node, hub);
        const auto took = ms_between(cut, next->first_answered);
        std::cout << "recovered in " << took << " ms, " << took / kSteady.count() << " E"
                  << std::endl;
        EXPECT_LT(took, 6 * kSteady.count());
        ASSERT_TRUE(lab_->await_calm(3 * kSteady));
        EXPECT_THAT(lab_->leading(), testing::ElementsAre(hub));
        lab_->heal();
        EXPECT_EQ(lab_->await_agreement(), hub);
    }

    // Only the links of the hub are left.
    static Links star(int nodes, int hub) {
        Links links(nodes);
        for (const int a : links.all()) {
            for (const int b : links.all()) {
                if (a != hub && b != hub) links.cut(a, b);
            }
        }
        return links;
    }

    std::unique_ptr<JudgedLab> lab_;
    int leader_ = 0;
};

TEST_F(PartialPartition, QuorumLoss) {
    ASSERT_NO_FATAL_FAILURE(found(5));
    const int hub = leader_ % 5 + 1;
    expect_led_by(hub, star(5, hub));
}

// The hub has missed a term and its configuration: the others refuse it until it has learnt that
// from them.
TEST_F(PartialPartition, ConstrainedElection) {
    ASSERT_NO_FATAL_FAILURE(found(5));
    const int hub = leader_ % 5 + 1;
    lab_->set(Links(5).isolate(hub));
    ASSERT_TRUE(cluster::wait_until([&] { return lab_->get(hub, "/follower").code == 503; }));
    ASSERT_EQ(lab_->post(leader_, "/step-down").code, 200);
    auto others = Links(5).all();
    others.erase(hub);
    leader_ = lab_->await_agreement(others);
    ASSERT_NE(leader_, 0);
    ASSERT_LT(lab_->watcher().newest(hub)->term, lab_->newest_token());

    expect_led_by(hub, star(5, hub).isolate(leader_));
}

// An end that no longer hears the leader at the other end must not take the lead from it.
TEST_F(PartialPartition, Chained) {
    ASSERT_NO_FATAL_FAILURE(found(3));
    const int end = leader_ % 3 + 1;
    const auto changes = lab_->watcher().changes();
    lab_->set(Links(3).cut(leader_, end));
    ASSERT_TRUE(cluster::wait_until([&] { return lab_->get(end, "/follower").code == 503; }));
    const auto disturbed = [&] { return lab_->watcher().changes() != changes; };
    EXPECT_FALSE(cluster::wait_until(disturbed, 6 * kSteady));
    std::cout << "the leader never left: recovered in 0 ms, no term used" << std::endl;
    lab_->heal();
    EXPECT_EQ(lab_->await_agreement(), leader_);
    EXPECT_EQ(lab_->watcher().changes(), changes);
}

}  // namespace
}  // namespace electiond::lab
