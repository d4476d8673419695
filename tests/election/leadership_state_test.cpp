// LeadershipState: who leads at a moment, as one node knows it.
#include "election/leadership_state.h"

#include <gtest/gtest.h>

namespace electiond {
namespace {

using namespace std::chrono_literals;

const Instant kNow(1h);

LeadershipState leading() {
    return {.in_office = true, .campaigns = true, .token = 7, .lease_until = kNow + 100ms};
}

LeadershipState following() {
    return {.followed_token = 6, .followed_until = kNow + 1s, .hearsay_until = kNow + 2s};
}

TEST(Leadership, NobodyIsKnownToLeadAtFirst) {
    const LeadershipState blank;

    EXPECT_FALSE(blank.leads_at(Instant{}));
    EXPECT_FALSE(blank.follows_at(Instant{}));
    EXPECT_EQ(blank.leader_at(Instant{}), WhoLeads::nobody);
    EXPECT_EQ(blank.state_at(Instant{}), State::follower);
    EXPECT_EQ(blank.leads_until(kNow), kNever);
}

TEST(Leadership, ALeaseRunsOutOnTheReadersClock) {
    const auto state = leading();
    const Instant end = kNow + 100ms;

    EXPECT_EQ(state.leader_at(end - 1ns), WhoLeads::self);
    EXPECT_EQ(state.state_at(end - 1ns), State::leader);
    EXPECT_EQ(state.token_at(end - 1ns), 7u);
    EXPECT_EQ(state.lease_remaining(kNow + 1ns), 99ms) << "rounded down";
    EXPECT_EQ(state.leads_until(kNow), end);

    EXPECT_EQ(state.leader_at(end), WhoLeads::nobody);
    EXPECT_EQ(state.state_at(end), State::candidate);
    EXPECT_EQ(state.token_at(end), 0u);
    EXPECT_EQ(state.lease_remaining(end), 0ms);
    EXPECT_EQ(state.leads_until(end), kNever);
}

TEST(Leadership, WhoDrainsLeadsNoLonger) {
    auto state = leading();
    state.draining = true;
    state.campaigns = false;

    EXPECT_FALSE(state.leads_at(kNow));
    EXPECT_EQ(state.leader_at(kNow), WhoLeads::nobody) << "it follows nobody either";
    EXPECT_EQ(state.state_at(kNow), State::follower);
}

TEST(Leadership, WhoIsHeardComesBeforeHearsay) {
    const auto state = following();

    EXPECT_EQ(state.leader_at(kNow), WhoLeads::followed);
    EXPECT_EQ(state.leader_at(kNow + 1s), WhoLeads::hearsay);
    EXPECT_EQ(state.leader_at(kNow + 2s), WhoLeads::nobody);
    EXPECT_EQ(state.state_at(kNow), State::follower);
}

TEST(Leadership, WhoHoldsTheOfficeFollowsNobody) {
    auto state = following();
    state.in_office = true;  // before its first lease

    EXPECT_FALSE(state.follows_at(kNow));
}

TEST(Leadership, TheWordsOfAStateAreThoseOfTheContract) {
    for (const auto state : {State::follower, State::candidate, State::leader}) {
        EXPECT_EQ(parse_state(to_string(state)), state);
    }
    EXPECT_EQ(to_string(State::leader), "LEADER");
    EXPECT_FALSE(parse_state("leader"));
    EXPECT_FALSE(parse_state(""));
}

}  // namespace
}  // namespace electiond
