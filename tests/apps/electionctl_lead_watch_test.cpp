// The rule of watch: which events follow from the answers, and when, in virtual time.
#include <gtest/gtest.h>

#include "electionctl/lead_watch.h"

namespace electiond::ctl {
namespace {

using std::chrono::milliseconds;
using Scope = LeadWatch::Scope;

Instant at(int ms) { return Instant(milliseconds(ms)); }

Lead own(int until, int token = 7) {
    return {
        .leader = "1", .own = true, .term = token, .token = token, .index = 5, .until = at(until)};
}
Lead of(const std::string& leader, int term, int until) {
    return {.leader = leader, .term = term, .until = at(until)};
}
Lead nobody(int term = 7) { return {.term = term}; }

// The event that is due, with whom it is about; "" for none.
std::string told(LeadWatch& watch, int now) {
    const auto change = watch.next(at(now));
    if (!change) return "";
    std::string text = change->event == Event::leader     ? "leader"
                       : change->event == Event::follower ? "follower"
                                                          : "no-leader";
    if (!change->lead.leader.empty()) text += " " + change->lead.leader;
    if (change->lead.token != 0) text += " token " + std::to_string(change->lead.token);
    if (change->unreachable) text += " unreachable";
    if (!change->previous.empty()) text += " after " + change->previous;
    return text;
}

TEST(LeadWatch, TellsNothingBeforeAnythingIsHeard) {
    LeadWatch watch(Scope::node);
    EXPECT_EQ(told(watch, 0), "");
    EXPECT_EQ(watch.deadline(), kNever);
}

TEST(LeadWatch, TellsALeadOnceWhileItIsConfirmedInTime) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    EXPECT_EQ(watch.deadline(), at(1000));

    watch.hear(own(1300));
    EXPECT_EQ(told(watch, 310), "");
    EXPECT_EQ(watch.deadline(), at(1300));
    EXPECT_EQ(told(watch, 1299), "");
}

TEST(LeadWatch, TellsThatALeadIsOverThatNobodyConfirmed) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");

    EXPECT_EQ(told(watch, 999), "");
    EXPECT_EQ(told(watch, 1000), "no-leader unreachable after 1");

    EXPECT_EQ(told(watch, 5000), "");
    EXPECT_EQ(watch.deadline(), kNever);
}

// Each hand-over has such a moment at the other nodes; a demotion then would only cost time.
TEST(LeadWatch, HoldsBackThatNobodyLeadsWhereAnotherDid) {
    LeadWatch watch(Scope::node);
    watch.hear(of("2", 7, 5000));
    EXPECT_EQ(told(watch, 0), "follower 2");

    watch.hear(nobody());
    EXPECT_EQ(told(watch, 100), "");
    EXPECT_EQ(watch.deadline(), at(400));
    watch.hear(own(3000, 8));
    EXPECT_EQ(told(watch, 150), "leader 1 token 8 after 2");

    watch.hear(nobody(9));
    EXPECT_EQ(told(watch, 200), "no-leader after 1") << "the end of an own lead is told at once";
    watch.hear(of("2", 9, 5000));
    EXPECT_EQ(told(watch, 300), "follower 2");
    watch.hear(nobody(9));
    EXPECT_EQ(told(watch, 400), "");
    EXPECT_EQ(told(watch, 699), "");
    EXPECT_EQ(told(watch, 700), "no-leader after 2");
}

TEST(LeadWatch, KnowsThatTheLeadToldIsOverBeforeItTellsSo) {
    LeadWatch watch(Scope::node);
    EXPECT_FALSE(watch.lead_lost(at(0)));
    watch.hear(own(1000));
    EXPECT_FALSE(watch.lead_lost(at(10))) << "nothing is told yet";
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");

    EXPECT_FALSE(watch.lead_lost(at(999)));
    EXPECT_EQ(watch.lead_ends(), at(1000));
    EXPECT_TRUE(watch.lead_lost(at(1000)));

    watch.hear(own(2000, 8));
    EXPECT_FALSE(watch.lead_lost(at(1000))) << "it goes on under another token";
    watch.hear(of("2", 9, 3000));
    EXPECT_TRUE(watch.lead_lost(at(1100)));
    EXPECT_EQ(told(watch, 1100), "follower 2 after 1");
    EXPECT_FALSE(watch.lead_lost(at(5000)));
    EXPECT_EQ(watch.lead_ends(), kNever);
}

TEST(LeadWatch, TellsTheSameLeadAgainAfterItWasTakenForLost) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    EXPECT_EQ(told(watch, 1000), "no-leader unreachable after 1");

    watch.hear(own(3000));
    EXPECT_EQ(told(watch, 2000), "leader 1 token 7");
}

TEST(LeadWatch, NeverTellsALeadThatIsOverWhenItIsHeard) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 1500), "no-leader unreachable");
}

TEST(LeadWatch, TakesNothingBackThatAnEarlierAnswerPromised) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    watch.hear(own(800));  // asked later, but its answer took long
    EXPECT_EQ(told(watch, 900), "leader 1 token 7");

    watch.hear(own(800, 8));  // another lead, with a lease of its own
    EXPECT_EQ(told(watch, 900), "no-leader unreachable after 1");
}

TEST(LeadWatch, TellsTheLossOfALeadEvenWhereOthersStillNameTheNode) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");

    watch.hear(of("1", 7, 4000));  // it no longer leads, but still names itself
    EXPECT_EQ(told(watch, 20), "follower 1 after 1");
}

TEST(LeadWatch, TellsAReElectionInPlaceOnceItsTokenIsNew) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000, 7));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");

    Lead overtaken = own(1000, 7);
    overtaken.term = 8;
    watch.hear(overtaken);
    EXPECT_EQ(told(watch, 20), "");

    watch.hear(own(1500, 8));
    EXPECT_EQ(told(watch, 30), "leader 1 token 8 after 1");
}

TEST(LeadWatch, TellsWhoElseLeadsAndUnderWhichTerm) {
    LeadWatch watch(Scope::node);
    watch.hear(of("2", 8, 4000));
    EXPECT_EQ(told(watch, 0), "follower 2");
    watch.hear(of("2", 8, 5000));
    EXPECT_EQ(told(watch, 1000), "");
    watch.hear(of("2", 9, 6000));
    EXPECT_EQ(told(watch, 2000), "follower 2 after 2");
    watch.hear(of("3", 10, 6000));
    EXPECT_EQ(told(watch, 2001), "follower 3 after 2");
    EXPECT_EQ(told(watch, 6000), "no-leader unreachable after 3");
}

TEST(LeadWatch, HasNothingToTellOfASilentSourceThatKnewNoLeader) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    watch.hear(nobody());
    EXPECT_EQ(told(watch, 20), "no-leader after 1");

    EXPECT_EQ(watch.deadline(), kNever);
    EXPECT_EQ(told(watch, 100'000), "");
    watch.hear(nobody(9));
    EXPECT_EQ(told(watch, 100'001), "");
}

TEST(LeadWatch, TellsOnlyHowThingsStandAfterABusyTime) {
    LeadWatch watch(Scope::node);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");

    watch.hear(nobody());  // while the command ran
    watch.hear(own(3000));
    EXPECT_EQ(told(watch, 2000), "");

    watch.hear(of("2", 8, 6000));
    watch.hear(own(6000, 9));
    EXPECT_EQ(told(watch, 5000), "leader 1 token 9 after 1");
}

TEST(LeadWatch, OfAClusterTellsWhoLeadsWhoeverSaysSo) {
    LeadWatch watch(Scope::cluster);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    watch.hear(of("1", 7, 4000));
    EXPECT_EQ(told(watch, 20), "");
    EXPECT_EQ(watch.deadline(), at(4000));
    EXPECT_EQ(told(watch, 4000), "no-leader unreachable after 1");
    watch.hear(of("2", 8, 9000));
    EXPECT_EQ(told(watch, 5000), "follower 2");
}

// As when a stream that told it without limit breaks.
TEST(LeadWatch, OfAClusterTakesALimitForALeadThatHadNone) {
    LeadWatch watch(Scope::cluster);
    Lead lead = own(0);
    lead.until = kNever;
    watch.hear(lead);
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    EXPECT_EQ(watch.deadline(), kNever);

    watch.hear(own(3000));
    EXPECT_EQ(watch.deadline(), at(3000));
    watch.hear(lead);
    EXPECT_EQ(told(watch, 3001), "");
    watch.hear(own(6000));
    EXPECT_EQ(told(watch, 6000), "no-leader unreachable after 1");
}

TEST(LeadWatch, OfAClusterTellsOnceThatNobodyLeads) {
    LeadWatch watch(Scope::cluster);
    watch.hear(own(1000));
    EXPECT_EQ(told(watch, 10), "leader 1 token 7");
    watch.hear(nobody(7));
    EXPECT_EQ(told(watch, 20), "no-leader after 1");
    watch.hear(nobody(9));
    EXPECT_EQ(told(watch, 5000), "");
}

}  // namespace
}  // namespace electiond::ctl
