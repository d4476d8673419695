// Who answers where: own word beats hearsay, newer beats older, nothing grows without bound.
#include "node/address_book.h"

#include "../election/cast.h"

#include <ctime>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Instant kNow(1h);
const Endpoint kOwn{"own", 1};

Endpoint at(const std::string& host) { return {host, 1}; }

Sender speaks(int n, const std::string& host, const std::string& incarnation = "i") {
    auto from = sender(n);
    if (!host.empty()) from.address = at(host);
    from.incarnation = incarnation;
    return from;
}

Peer listed(int n, const std::string& host) {
    return {.id = id(n), .uuid = uuid(n), .addresses = {at(host)}, .api = {}};
}

Peer nameless(const std::string& host) {
    return {.id = {}, .uuid = {}, .addresses = {at(host)}, .api = {}};
}

Member member_at(int n, const std::string& host) {
    return {.id = id(n), .uuid = uuid(n), .addresses = {at(host)}};
}

AddressBook empty_book() { return {uuid(1), kOwn}; }

std::vector<std::string> hosts(const std::vector<AddressBook::Target>& targets) {
    std::vector<std::string> all;
    for (const auto& target : targets) all.push_back(target.address.host);
    return all;
}

TEST(AddressBook, KnowsNobodyAtFirst) {
    const auto book = empty_book();

    EXPECT_FALSE(book.route(uuid(2)));
    EXPECT_THAT(book.everyone(kNow, {}, {}), IsEmpty());
    EXPECT_THAT(book.peers({}), IsEmpty());
    EXPECT_FALSE(book.id_of(uuid(2)));
    EXPECT_THAT(book.addresses(uuid(1)), ElementsAre(kOwn));
}

TEST(AddressBook, LearnsFromEveryMessageItsSender) {
    auto book = empty_book();
    auto from = speaks(2, "two");
    from.api = "two:80";

    book.heard(kNow, from);

    EXPECT_EQ(book.route(uuid(2)), at("two"));
    EXPECT_EQ(book.id_of(uuid(2)), id(2));
    EXPECT_EQ(book.api(uuid(2)), "two:80");
    const auto peers = book.peers({voter(2)});
    ASSERT_EQ(peers.size(), 1u);
    EXPECT_EQ(peers[0].heard, kNow);
}

TEST(AddressBook, LearnsNothingAboutItself) {
    auto book = empty_book();

    book.heard(kNow, speaks(1, "elsewhere"));
    book.hearsay(kNow, {member_at(1, "elsewhere")});
    book.found(kNow, 0, {listed(1, "elsewhere")});

    EXPECT_THAT(book.peers({}), IsEmpty());
    EXPECT_THAT(book.everyone(kNow, {}, {}), IsEmpty());
    EXPECT_THAT(book.addresses(uuid(1)), ElementsAre(kOwn));
}

TEST(AddressBook, ANodesOwnWordBeatsHearsay) {  // §2 of protocol.md
    auto book = empty_book();
    book.heard(kNow, speaks(2, "two"));

    book.hearsay(kNow, {member_at(2, "rumour")});

    EXPECT_EQ(book.route(uuid(2)), at("two"));
    EXPECT_THAT(book.addresses(uuid(2)), ElementsAre(at("two"), at("rumour")));
}

TEST(AddressBook, HearsayIsBetterThanNothingAndNewerHearsayBetterThanOlder) {  // §2
    auto book = empty_book();

    book.hearsay(kNow, {member_at(2, "former")});
    EXPECT_EQ(book.route(uuid(2)), at("former"));
    book.hearsay(kNow, {member_at(2, "newer")});
    EXPECT_EQ(book.route(uuid(2)), at("newer"));
    book.hearsay(kNow, {{.id = id(2), .uuid = uuid(2)}});

    EXPECT_EQ(book.route(uuid(2)), at("newer")) << "knowing none is no word";
}

TEST(AddressBook, HearsayDoesNotBeatWhatANodeListsOfItself) {  // §2
    auto book = empty_book();
    book.found(kNow, 0, {listed(2, "registry")});

    book.hearsay(kNow, {member_at(2, "rumour")});

    EXPECT_EQ(book.route(uuid(2)), at("registry"));
}

TEST(AddressBook, ANewerWordBeatsAnOlderOne) {  // §2
    auto book = empty_book();
    book.heard(kNow, speaks(2, "spoken"));
    book.found(kNow + 1s, 0, {listed(2, "listed")});
    EXPECT_EQ(book.route(uuid(2)), at("listed"));

    book.heard(kNow + 2s, speaks(2, "spoken-later"));
    EXPECT_EQ(book.route(uuid(2)), at("spoken-later"));
}

TEST(AddressBook, SaysWhenANodeSpeaksFromAnAddressThatOthersDoNotKnowYet) {  // R1: view moves
    auto book = empty_book();

    EXPECT_TRUE(book.heard(kNow, speaks(2, "two")).moved) << "its first word";
    EXPECT_FALSE(book.heard(kNow, speaks(2, "two")).moved);
    EXPECT_TRUE(book.heard(kNow, speaks(2, "moved")).moved);
    EXPECT_FALSE(book.heard(kNow, speaks(2, "")).moved) << "the address may be left out";
    EXPECT_EQ(book.route(uuid(2)), at("moved"));
}

TEST(AddressBook, WhereNobodyAnswersTheOtherAddressesAreTriedInTurn) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "a"));
    book.hearsay(kNow, {{.id = id(2), .uuid = uuid(2), .addresses = {at("b"), at("c")}}});

    std::vector<std::string> tried;
    for (int n = 0; n < 4; ++n) {
        const auto route = *book.route(uuid(2));
        tried.push_back(route.host);
        book.unanswered(uuid(2), route);
    }

    EXPECT_THAT(tried, ElementsAre("a", "b", "c", "a"));
    book.unanswered(uuid(9), at("a"));  // whom nobody knows
}

TEST(AddressBook, ARequestThatAFormerAddressDidNotAnswerChangesNothing) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "former"));
    book.hearsay(kNow, {member_at(2, "told")});
    book.heard(kNow, speaks(2, "now"));

    book.unanswered(uuid(2), at("former"));

    EXPECT_EQ(book.route(uuid(2)), at("now"));
}

TEST(AddressBook, ANewWordOfItsOwnIsTriedFirst) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "a"));
    book.hearsay(kNow, {member_at(2, "b")});
    book.unanswered(uuid(2), at("a"));
    ASSERT_EQ(book.route(uuid(2)), at("b"));

    book.heard(kNow, speaks(2, "c"));

    EXPECT_EQ(book.route(uuid(2)), at("c"));
}

TEST(AddressBook, AnAddressListedUnderTheIdAloneServesThatNode) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, ""));
    EXPECT_FALSE(book.route(uuid(2)));

    book.found(kNow, 0, {{.id = id(2), .uuid = {}, .addresses = {at("static")}, .api = {}}});

    EXPECT_EQ(book.route(uuid(2)), at("static"));
}

TEST(AddressBook, TwoLivingIncarnationsOfOneUuidAreADuplicate) {  // I4
    auto book = empty_book();
    const auto hear = [&](const std::string& incarnation) {
        return book.heard(kNow, speaks(2, "two", incarnation)).duplicated;
    };

    EXPECT_FALSE(hear("a"));
    EXPECT_FALSE(hear("a"));
    EXPECT_FALSE(hear("b")) << "a restart";
    EXPECT_FALSE(hear("a")) << "a late message of the one before";
    EXPECT_TRUE(hear("b")) << "the one again after the other, twice";
    EXPECT_TRUE(hear("a"));
}

TEST(AddressBook, ANewLifeIsTriedFirstWhereItSaysItIs) {
    auto book = empty_book();
    EXPECT_FALSE(book.heard(kNow, speaks(2, "two", "a")).restarted) << "its first word";
    EXPECT_FALSE(book.heard(kNow, speaks(2, "two", "a")).restarted);
    book.hearsay(kNow, {member_at(2, "rumour")});
    book.unanswered(uuid(2), at("two"));
    ASSERT_EQ(book.route(uuid(2)), at("rumour"));

    EXPECT_TRUE(book.heard(kNow, speaks(2, "two", "b")).restarted);

    EXPECT_EQ(book.route(uuid(2)), at("two"));
}

TEST(AddressBook, RestartsAreNoDuplicate) {  // I4
    auto book = empty_book();

    for (const char* incarnation : {"a", "b", "c", "d", "e"}) {
        EXPECT_FALSE(book.heard(kNow, speaks(2, "two", incarnation)).duplicated);
        EXPECT_FALSE(book.heard(kNow, speaks(2, "two", incarnation)).duplicated);
    }
}

TEST(AddressBook, FoundTellsWhetherThereIsNews) {
    auto book = empty_book();

    EXPECT_TRUE(book.found(kNow, 0, {listed(2, "two")}));
    EXPECT_FALSE(book.found(kNow, 0, {listed(2, "two")}));
    EXPECT_TRUE(book.found(kNow, 0, {listed(2, "two"), listed(3, "three")}));
    EXPECT_FALSE(book.found(kNow, 0, {listed(3, "three")})) << "less is no news";
    EXPECT_TRUE(book.found(kNow, 1, {nameless("four")})) << "of another discovery";
    EXPECT_TRUE(book.found(kNow, 0, {listed(3, "moved")}));
}

TEST(AddressBook, ASnapshotReplacesTheLastOfItsSourceAlone) {
    auto book = empty_book();
    book.found(kNow, 0, {nameless("a")});
    book.found(kNow, 1, {nameless("b")});

    book.found(kNow, 0, {nameless("c")});

    EXPECT_THAT(hosts(book.everyone(kNow, {}, {})), testing::UnorderedElementsAre("b", "c"));
}

TEST(AddressBook, EveryoneIsEachAddressOnceWithoutOurselvesAndTheExcepted) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "two"));
    book.heard(kNow, speaks(3, "three"));
    book.found(kNow, 0,
               {nameless("two"), nameless("three"), nameless("four"), nameless("own"),
                listed(1, "other-own")});

    EXPECT_THAT(hosts(book.everyone(kNow, {}, {})),
                testing::UnorderedElementsAre("two", "three", "four"));
    EXPECT_THAT(hosts(book.everyone(kNow, {}, {uuid(3)})),
                testing::UnorderedElementsAre("two", "four"))
        << "nor by an address that is listed without its uuid";
    const auto targets = book.everyone(kNow, {}, {});
    for (const auto& target : targets) {
        if (target.address == at("two")) {
            EXPECT_EQ(target.uuid, uuid(2));
        }
        if (target.address == at("four")) {
            EXPECT_TRUE(target.uuid.empty());
        }
    }
}

TEST(AddressBook, StopsCallingNodesThatAreNeitherListedNorMembers) {
    auto book = empty_book();
    const auto later = kNow + AddressBook::kStrangerAfter;
    book.found(kNow, 0, {listed(2, "two"), listed(3, "three"), listed(4, "four"), nameless("n")});
    book.heard(kNow, speaks(2, "two"));
    book.heard(kNow, speaks(3, "three"));
    EXPECT_THAT(hosts(book.everyone(later, {}, {})),
                testing::UnorderedElementsAre("two", "three", "four", "n"))
        << "as long as discovery lists them";

    book.found(later, 0, {listed(3, "three")});  // the entries of 2 and 4 have expired

    EXPECT_THAT(hosts(book.everyone(later - 1ns, {}, {})), testing::Contains("two"))
        << "it may be back at once";
    EXPECT_THAT(hosts(book.everyone(later, {}, {})), ElementsAre("three"));
    EXPECT_THAT(hosts(book.everyone(later, {voter(2)}, {})),
                testing::UnorderedElementsAre("two", "three"))
        << "a member is called, however long it is silent and whatever discovery lists";
    EXPECT_EQ(book.route(uuid(2)), at("two")) << "and its address stays known";

    book.hearsay(later, {member_at(4, "four")});
    EXPECT_THAT(hosts(book.everyone(later, {}, {})),
                testing::UnorderedElementsAre("three", "four"));
    book.heard(later, speaks(2, "two"));
    EXPECT_THAT(hosts(book.everyone(later, {}, {})),
                testing::UnorderedElementsAre("three", "four", "two"));
}

TEST(AddressBook, PeersShowsEveryNodeOnceById) {
    auto book = empty_book();
    book.heard(kNow, speaks(3, "three"));
    book.heard(kNow, speaks(2, "two"));
    book.found(kNow, 0, {listed(2, "two"), nameless("three"), nameless("four"), nameless("own")});

    const auto peers = book.peers({});

    ASSERT_EQ(peers.size(), 3u);
    EXPECT_TRUE(peers[0].id.empty());
    EXPECT_THAT(peers[0].addresses, ElementsAre(at("four")));
    EXPECT_EQ(peers[1].id, id(2));
    EXPECT_EQ(peers[2].id, id(3));
}

TEST(AddressBook, PeersShowsNoStranger) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "two"));
    book.heard(kNow, speaks(3, "three"));
    book.found(kNow, 0, {listed(4, "four")});
    book.found(kNow, 0, {});

    const auto peers = book.peers({voter(3)});

    ASSERT_EQ(peers.size(), 1u) << "one was only heard, another is listed no more";
    EXPECT_EQ(peers[0].id, id(3));
    EXPECT_TRUE(book.route(uuid(2))) << "it can be reached all the same (B7)";
}

TEST(AddressBook, PeersTakesTheOneHeardLastForAnAddressListedWithoutUuid) {
    auto book = empty_book();
    book.heard(kNow, speaks(2, "two"));
    book.heard(kNow + Milliseconds(1), speaks(3, "two"));
    book.found(kNow, 0, {nameless("two")});

    const auto peers = book.peers({});
    ASSERT_EQ(peers.size(), 1u);
    EXPECT_EQ(peers[0].uuid, uuid(3));
    EXPECT_EQ(book.peers({voter(2)})[0].uuid, uuid(2)) << "a member goes before";
}

// As after a restart, while the others are down: only the list and the configuration know them.
TEST(AddressBook, ShowsAMemberThatWasNeverHeardAtTheAddressListedForItsId) {
    auto book = empty_book();
    book.found(kNow, 0,
               {{.id = id(2), .uuid = {}, .addresses = {at("two")}, .api = {}}, nameless("four")});

    const auto peers = book.peers({voter(1), voter(2), voter(3), voter(2)});

    ASSERT_EQ(peers.size(), 3u) << "neither itself nor anyone twice";
    EXPECT_THAT(peers[0].addresses, ElementsAre(at("four")));
    EXPECT_EQ(peers[1].uuid, uuid(2));
    EXPECT_THAT(peers[1].addresses, ElementsAre(at("two")));
    EXPECT_EQ(peers[2].uuid, uuid(3));
    EXPECT_THAT(peers[2].addresses, IsEmpty());
    EXPECT_THAT(book.addresses_shown(voter(2)), ElementsAre(at("two")));
    EXPECT_THAT(book.addresses(uuid(2)), IsEmpty()) << "for people alone: nothing is proven";
}

TEST(AddressBook, IsBoundedAndForgetsWhoWasSilentLongest) {
    auto book = empty_book();
    for (int n = 2; n < 3000; ++n) book.heard(kNow + Milliseconds(n), speaks(n, "h"));

    std::vector<Voter> all;
    for (int n = 2; n < 3000; ++n) all.push_back(voter(n));
    EXPECT_EQ(std::ranges::count_if(book.peers(all), [](const auto& peer) { return !!peer.heard; }),
              1024);
    EXPECT_FALSE(book.route(uuid(2)));
    EXPECT_TRUE(book.route(uuid(2999)));
}

// In processor time of this thread: the least of several tries, to leave out what others take.
template <class Work>
double seconds_for(const Work& work) {
    const auto used = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    };
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 5; ++i) {
        const auto before = used();
        work();
        least = std::min(least, used() - before);
    }
    return least;
}

// What one view and one round to all nodes cost. Discovery lists each node by an id alone, and as
// many that were never heard by their addresses alone.
double seconds_with(int nodes) {
    auto book = empty_book();
    std::vector<Voter> members;
    std::vector<Peer> listing;
    for (int n = 2; n < nodes + 2; ++n) {
        book.heard(kNow, speaks(n, std::to_string(n)));
        if (n % 2 == 0) members.push_back(voter(n));
        auto by_id = nameless("d" + std::to_string(n));
        by_id.id = id(n);
        listing.push_back(by_id);
        listing.push_back(nameless("e" + std::to_string(n)));
    }
    book.found(kNow, 0, listing);
    return seconds_for([&] {
        const auto count = static_cast<std::size_t>(nodes);
        EXPECT_EQ(book.peers(members).size(), 2 * count);
        EXPECT_EQ(book.everyone(kNow, members, {}).size(), 3 * count);
        for (int n = 2; n < nodes + 2; ++n) {
            EXPECT_TRUE(book.route(uuid(n)));
            EXPECT_TRUE(book.listed_for_another(at("d2"), sender(n == 2 ? 3 : n)));
        }
    });
}

TEST(AddressBook, CostsNoMoreThanTheSquareOfTheNodes) {
    const double few = seconds_with(100), many = seconds_with(800);

    EXPECT_LT(many / few, 8 * 8) << "8 if it is linear, 512 if each node looks at each pair";
}

}  // namespace
}  // namespace electiond
