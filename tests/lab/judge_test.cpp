// The judge finds each fault in made-up claims, and none where there is none.
#include "judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace electiond::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Instant at(int ms) { return Instant{} + std::chrono::hours(1) + Milliseconds{ms}; }

Look claim(int node, Token token, int asked, int answered, int valid_for = 0) {
    return {.node = node,
            .asked = at(asked),
            .answered = at(answered),
            .leads = true,
            .term = token,
            .token = token,
            .valid_for = Milliseconds{valid_for}};
}

std::vector<std::string> faults_in(const std::vector<Look>& looks) {
    Judge judge;
    for (const auto& look : looks) judge.see(look);
    return judge.faults();
}

TEST(Judge, FindsNothingWhereLeadsFollowEachOther) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 2, 100), claim(1, 5, 10, 12, 100),
                           claim(2, 6, 109, 110, 100), claim(2, 6, 120, 121, 100)}),
                IsEmpty());
}

TEST(Judge, FindsAnOlderLeadThatIsClaimedAfterANewerOne) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 1), claim(2, 6, 10, 12), claim(1, 5, 12, 13)}),
                ElementsAre(HasSubstr("older lead was claimed")));
}

TEST(Judge, HearsOfThemInAnyOrder) {
    EXPECT_THAT(faults_in({claim(1, 5, 12, 13), claim(2, 6, 10, 12)}),
                ElementsAre(HasSubstr("older lead was claimed")));
}

// The answer came late; what it says may have been true in time.
TEST(Judge, AllowsAnOlderLeadThatWasAskedForBefore) {
    EXPECT_THAT(faults_in({claim(2, 6, 10, 12), claim(1, 5, 11, 500)}), IsEmpty());
}

TEST(Judge, FindsAGrantThatReachesIntoAnotherNodesLead) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 1, 100), claim(2, 6, 98, 99, 100)}),
                ElementsAre(HasSubstr("before the older's grant ends")));
    EXPECT_THAT(faults_in({claim(2, 6, 98, 99), claim(1, 5, 0, 1, 100)}),
                ElementsAre(HasSubstr("before the older's grant ends")));
}

TEST(Judge, CountsAGrantFromTheMomentBeforeTheQuestion) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 90, 100), claim(2, 6, 98, 100, 100)}), IsEmpty());
}

TEST(Judge, AllowsANodeToBeReElectedInPlaceWhileItsGrantRuns) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 1, 100), claim(1, 6, 10, 11, 100)}), IsEmpty());
    EXPECT_THAT(faults_in({claim(1, 6, 10, 11), claim(1, 5, 20, 21)}),
                ElementsAre(HasSubstr("the term of node 1 fell"), HasSubstr("older lead")));
}

TEST(Judge, FindsTwoLeadersUnderOneToken) {
    EXPECT_THAT(faults_in({claim(1, 5, 0, 1), claim(2, 5, 2, 3)}),
                ElementsAre(HasSubstr("both lead")));
}

TEST(Judge, FindsATermThatFallsAndAGrantOfOneWhoDoesNotLead) {
    EXPECT_THAT(faults_in({{.node = 1, .term = 4}, {.node = 2, .term = 3}, {.node = 1, .term = 3}}),
                ElementsAre(HasSubstr("fell from 4 to 3")));
    EXPECT_THAT(faults_in({{.node = 1, .term = 4, .token = 4}}), ElementsAre(HasSubstr("grants")));
}

}  // namespace
}  // namespace electiond::lab
