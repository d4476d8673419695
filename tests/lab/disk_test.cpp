// Disks that fill up, go read-only or fail while the node runs.
#include "lab_test.h"

namespace electiond::lab {
namespace {

constexpr int kDiskFailed = 74;
constexpr auto kEnd = std::chrono::seconds(60);

class Disk : public LabTest {
  protected:
    void found(bool on_ext4 = false) {
        lab_ = std::make_unique<JudgedLab>(Lab::Setting{.election_timeout = kSteady / 2});
        for (int node = 1; node <= 3 && on_ext4; ++node) lab_->use_ext4(node);
        lab_->start_all();
        leader_ = lab_->await_agreement();
        ASSERT_NE(leader_, 0);
    }

    [[nodiscard]] std::string log(int node) { return cluster::read(lab_->log(node)); }

    std::unique_ptr<JudgedLab> lab_;
    int leader_ = 0;
};

// The fault, and whose disk has it.
class FailingDisk : public Disk,
                    public testing::WithParamInterface<std::tuple<std::string, std::string>> {
  protected:
    void harm(int node) {
        if (fault_ == "SyncFails") lab_->sync_fails(node, true);
        if (fault_ == "WriteFails") lab_->write_fails(node, true);
        if (fault_ == "ReadOnly") lab_->abort_ext4(node);
    }
    void mend(int node) {
        lab_->sync_fails(node, false);
        lab_->write_fails(node, false);
        if (fault_ == "ReadOnly") lab_->mend_ext4(node);
    }
    [[nodiscard]] std::string complaint() const {
        if (fault_ == "SyncFails") return "cannot be synced to disk: Input/output error";
        if (fault_ == "WriteFails") return "cannot be written: Input/output error";
        return "cannot be written: Read-only file system";
    }

    std::string fault_ = std::get<0>(GetParam());
    std::string whose_ = std::get<1>(GetParam());
};

// A quiet node writes nothing; at its next vote it must end rather than go on without memory.
TEST_P(FailingDisk, EndsTheNodeThatCannotRememberAndNoOther) {
    ASSERT_NO_FATAL_FAILURE(found(fault_ == "ReadOnly"));
    const int node = whose_ == "OfTheLeader" ? leader_ : leader_ % 3 + 1;
    harm(node);
    const auto token = lab_->newest_token();
    (void)lab_->post(leader_, "/step-down");  // nobody answers where the leader ends over it

    EXPECT_EQ(lab_->process(node).wait(kEnd), kDiskFailed);
    EXPECT_THAT(log(node), testing::HasSubstr("/state: " + complaint() +
                                              "; a node that cannot remember its vote must not "
                                              "vote: repair the disk and start it again"));
    EXPECT_NE(lab_->await_agreement(), 0);
    EXPECT_GT(lab_->newest_token(), token);

    lab_->start(node);
    EXPECT_EQ(lab_->process(node).wait(kEnd), kDiskFailed);

    mend(node);
    lab_->start(node);
    EXPECT_NE(lab_->await_agreement(), 0);
    EXPECT_EQ(lab_->running().size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Of, FailingDisk,
                         testing::Combine(testing::Values("SyncFails", "WriteFails", "ReadOnly"),
                                          testing::Values("OfTheLeader", "OfAFollower")),
                         [](const auto& its) {
                             return std::get<0>(its.param) + std::get<1>(its.param);
                         });

// All that a node ever writes has its place from the first start on.
TEST_F(Disk, FullDisksKeepNobodyFromVotingLeadingAndComingBack) {
    ASSERT_NO_FATAL_FAILURE(found());
    for (int node = 1; node <= 3; ++node) lab_->fill_disk(node);
    for (int kill = 0; kill < 2; ++kill) {
        const auto token = lab_->newest_token();
        const int killed = lab_->await_agreement();
        lab_->kill9(killed);
        ASSERT_TRUE(lab_->await_lead_after(token));
        lab_->start(killed);
        EXPECT_NE(lab_->await_agreement(), 0);
    }
    EXPECT_EQ(lab_->running().size(), 3U);
}

TEST_F(Disk, ANewNodeOnAFullDiskEndsAndComesWhenThereIsRoom) {
    lab_ = std::make_unique<JudgedLab>(Lab::Setting{.election_timeout = kSteady / 2});
    lab_->fill_disk(1);
    lab_->start_all();

    EXPECT_EQ(lab_->process(1).wait(kEnd), kDiskFailed);
    EXPECT_THAT(log(1), testing::HasSubstr("No space left on device"));

    lab_->empty_disk(1);
    lab_->start(1);
    EXPECT_NE(lab_->await_agreement(), 0);
}

}  // namespace
}  // namespace electiond::lab
