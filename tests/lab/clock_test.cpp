// Clocks that are set, and machines that were booted at other times.
#include "lab_test.h"

namespace electiond::lab {
namespace {

using std::chrono::hours;

class Clocks : public LabTest {
  protected:
    // The day on which, by its wall clock, the newest change of the leadership happened.
    [[nodiscard]] std::string day(int node) {
        const auto history = lab_->get(node, "/history").json->getArray("history");
        const auto last = history->getObject(static_cast<unsigned>(history->size()) - 1);
        return last->getValue<std::string>("at").substr(0, 10);
    }

    std::unique_ptr<JudgedLab> lab_;
};

TEST_F(Clocks, AWallClockThatIsSetDoesNotMatterToAnybody) {
    lab_ = std::make_unique<JudgedLab>(Lab::Setting{.election_timeout = kSteady});
    lab_->start_all();
    const int leader = lab_->await_agreement();
    ASSERT_NE(leader, 0);
    ASSERT_TRUE(lab_->await_calm(kSteady));
    const auto changes = lab_->watcher().changes();
    const auto disturbed = [&] { return lab_->watcher().changes() != changes; };

    for (const int node : {leader, leader % 3 + 1}) {
        for (const auto step : {hours(100), hours(-300), hours(5000)}) {
            const auto before = day(node);
            lab_->step_wall_clock(node, step);
            EXPECT_NE(day(node), before);
            EXPECT_FALSE(cluster::wait_until(disturbed, kSteady));
        }
    }
    EXPECT_EQ(lab_->await_agreement(), leader);
}

// No moment of one machine's boot clock means anything to another, nor after a reboot.
TEST_F(Clocks, MachinesMayHaveBeenBootedAtAnyTime) {
    lab_ = std::make_unique<JudgedLab>(Lab::Setting{.election_timeout = kSteady / 2});
    lab_->boot_long_ago(2, hours(500));
    lab_->boot_long_ago(3, hours(20'000));
    lab_->start_all();
    auto leader = lab_->await_agreement();
    ASSERT_NE(leader, 0);

    for (int fall = 0; fall < 3; ++fall) {
        const auto token = lab_->newest_token();
        lab_->kill9(leader);
        ASSERT_TRUE(lab_->await_lead_after(token));
        lab_->boot_long_ago(leader, hours(fall * 1000 + 1));
        lab_->start(leader);
        leader = lab_->await_agreement();
        ASSERT_NE(leader, 0);
    }
}

}  // namespace
}  // namespace electiond::lab
