// 100,000 forged, replayed, stale, foreign and oversized messages to one Node: none counts.
#include <string>
#include <vector>

#include "node/node.h"
#include "stage.h"

namespace electiond {
namespace {

using Names = std::vector<std::string>;

// Instrumented code is too slow for all of them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(ELECTIOND_OPTIMIZED)
constexpr int kMessages = 20'000;
#else
constexpr int kMessages = 100'000;
#endif
constexpr int kPerRole = kMessages / 4;  // blank, follower, candidate, leader

constexpr int kMember = 3;  // whose certificate is misused

// Node 1 of voters 1 to 5, which has also heard of the observer 6.
class Attacked {
  public:
    explicit Attacked(Durable durable, std::uint64_t seed)
        : stage(std::move(durable), plain(), true), random_(seed) {}

    // Meets its peers and keeps what they said, to be said again by another.
    void meet() {
        for (const int n : {2, 3, 4, 5, 6}) {
            const RequestBody hello = Hello{.blank = false, .config = {0, 1}};
            const PeerRequest request{.from = Stage::from(n), .term = 0, .body = hello};
            EXPECT_EQ(stage.ask(n, 0, hello).reason, Reason::none);
            if (n != kMember) heard_.emplace_back("hello", wire::encode(request));
        }
    }
    void heard(int n, Term term, const RequestBody& body) {
        heard_.emplace_back(
            wire::name_of(body),
            wire::encode(PeerRequest{.from = Stage::from(n), .term = term, .body = body}));
    }

    // Sends that many, requests and answers by turns, and looks at the node after each.
    void attack(int messages) {
        const auto durable = stage.node.election().durable();
        const auto role = stage.node.election().role().index();
        const auto lease = stage.node.election().lease();
        const auto promise = stage.node.election().promise().until;
        const auto peers = stage.board.read()->view->peers;
        const auto saves = std::ranges::count(stage.script, "save");
        const auto refused_before = refused();
        for (int i = 0; i < messages && !testing::Test::HasFailure(); ++i) {
            i % 2 == 0 ? request() : answer();
            const auto& election = stage.node.election();
            ASSERT_EQ(election.durable(), durable) << "message " << i;
            ASSERT_EQ(election.role().index(), role) << "message " << i;
            ASSERT_EQ(election.promise().until, promise) << "message " << i;
            ASSERT_EQ(election.lease().has_value(), lease.has_value());
            if (lease) {
                ASSERT_EQ(election.lease()->until, lease->until) << "message " << i;
            }
        }
        EXPECT_EQ(std::ranges::count(stage.script, "save"), saves);
        EXPECT_EQ(refused() - refused_before, static_cast<std::uint64_t>(messages));
        const auto now = stage.board.read()->view->peers;
        ASSERT_EQ(now.size(), peers.size());
        for (std::size_t i = 0; i < now.size(); ++i) {
            EXPECT_EQ(now[i].id, peers[i].id);
            EXPECT_EQ(now[i].addresses.front(), peers[i].addresses.front());
            EXPECT_EQ(now[i].heard, peers[i].heard);
        }
    }

    Stage stage;

  private:
    bool chance(std::uint64_t per_mille) { return random_.chance(per_mille); }
    std::uint64_t below(std::uint64_t end) { return random_.below(end); }
    Term some_term() {
        const Term own = stage.node.election().term();
        return chance(300) ? below(own + 1) : own + below(5);
    }
    [[nodiscard]] std::uint64_t refused() const {
        const auto& all = stage.board.read()->view->rejected;
        std::uint64_t sum = 0;
        for (const auto& reason : {"wrong_identity", "malformed"}) {
            if (const auto at = all.find(reason); at != all.end()) sum += at->second;
        }
        return sum;
    }

    struct Lie {
        Names names;
        Sender from;
    };
    Lie lie() {
        const bool blank = stage.node.election().durable().blank();
        // A blank node can't know whose uuid is whose but for its own.
        const int victims[] = {1, 2, 4, 5, 6};
        const int victim = victims[below(std::size(victims))];
        Lie told{Stage::names_of(id(kMember)), Stage::from(victim)};
        const auto of = std::to_string(victim);
        const auto kind = below(std::uint64_t{4});
        if (kind == 0) {  // a foreign certificate
            using namespace std::string_literals;
            const Names foreign[] = {{},
                                     {"URI:electiond://prod/" + of, "DNS:" + of + ".prod"},
                                     {"URI:electiond://DEMO/" + of},
                                     {"URI:electiond://demo/*", "DNS:*.demo"},
                                     {"URI:electiond://demo/" + of + "\0"s},
                                     {"URI:electiond://demo/role/operator"},
                                     {std::string(70'000, 'x')}};
            told.names = foreign[below(std::size(foreign))];
        } else if (kind == 1) {  // a member's, with its own uuid under another's id
            told.from.uuid = uuid(kMember);
        } else if (kind == 2 && (!blank || victim == 1)) {  // … with another's uuid under its own
            told.from.id = id(kMember);
        }
        if (chance(200)) told.from.cluster_id = chance(500) ? "" : "another";
        if (chance(200)) told.from.supersedes = {kCluster};
        if (chance(200)) told.from.incarnation = "forged";
        if (chance(200)) told.from.address = Endpoint{"evil", 1};
        return told;
    }
    RequestBody some_request() {
        const auto number = stage.node.election().electorate().number;
        switch (below(std::uint64_t{6})) {
            case 0:
                return PreVote{.config = number};
            case 1:
                return VoteRequest{.config = number, .transfer = chance(500)};
            case 2:
                return TimeoutNow{};
            case 3:
                return Hello{.blank = chance(500), .config = number};
            case 4: {
                Heartbeat beat{.seq = below(1000), .promise = kE, .number = {90, 1}, .view = 5};
                beat.config = electorate({kMember}, {90, 1});
                beat.members = std::vector<Member>(chance(50) ? 900 : 3, Member{.id = id(kMember)});
                for (auto& each : *beat.members) each.uuid = uuid(2);
                beat.succession = Succession{};
                return beat;
            }
            default:
                return Heartbeat{.seq = below(1000), .promise = kE, .number = number, .view = 1};
        }
    }

    void request() {
        if (chance(200) && !heard_.empty()) {  // replayed
            const auto& [name, body] = heard_[below(heard_.size())];
            return check(name, stage.ask(name, body, Stage::names_of(id(kMember))));
        }
        const auto told = lie();
        const auto body = some_request();
        const auto name = wire::name_of(body);
        auto text = wire::encode(PeerRequest{.from = told.from, .term = some_term(), .body = body});
        if (chance(5)) text.insert(1, "\"x\":\"" + std::string(70'000, 'x') + "\",");  // oversized
        check(name, stage.ask(name, text, told.names));
    }
    static void check(const std::string& name, const Response& answer) {
        if (answer.kind == Response::Kind::malformed) return;
        ASSERT_EQ(answer.kind, Response::Kind::ok);
        const auto reply = wire::decode_reply(name, answer.body);
        ASSERT_EQ(reply.reason, Reason::wrong_identity);
        ASSERT_EQ(reply.term, 0u);
    }

    // The member's machine answers what it was asked, in the name of another.
    void answer() {
        const auto told = lie();
        const Term own = stage.node.election().term();
        const auto config = stage.node.election().electorate().number;
        PeerReply reply{.from = told.from, .term = some_term(), .request_term = own};
        std::string name;
        switch (below(std::uint64_t{5})) {
            case 0: {
                PreVoteReply yes;
                yes.granted = true;
                reply.request_term = own + 1;
                reply.body = yes;
                name = "pre-vote";
                break;
            }
            case 1:
            case 2: {
                VoteReply yes;
                yes.granted = true;
                reply.body = yes;
                name = "vote-request";
                break;
            }
            case 3: {
                const auto* lead = std::get_if<Leading>(&stage.node.election().role());
                reply.body = HeartbeatReply{.accepted = true,
                                            .seq = lead ? lead->rounds.newest() : 1,
                                            .config = config,
                                            .view = lead ? lead->view : 1,
                                            .eligible = true,
                                            .priority = 100};
                name = "heartbeat";
                break;
            }
            default:
                reply.body = HelloReply{.self = {.blank = false, .config = config},
                                        .hint = LeaderHint{.id = told.from.id,
                                                           .uuid = told.from.uuid,
                                                           .term = own,
                                                           .address = Endpoint{"evil", 1}},
                                        .config = electorate({kMember}, {90, 1})};
                name = "hello";
        }
        stage.node.handle(stage.now,
                          ReplyArrived{uuid(kMember),
                                       Stage::address_of(kMember),
                                       name,
                                       {Response::Kind::ok, wire::encode(reply), told.names}});
    }

    Random random_;
    std::vector<std::pair<std::string, std::string>> heard_;
};

void vote(Stage& stage, int n) {
    VoteReply yes;
    yes.granted = true;
    stage.answer(n, "vote-request", yes);
}

void become_candidate(Attacked& attacked) {
    auto& stage = attacked.stage;
    attacked.meet();
    stage.pass_until_sent("pre-vote", 5);
    PreVoteReply yes;
    yes.granted = true;
    for (const int n : {2, 4}) stage.answer(n, "pre-vote", yes);
}

std::size_t votes(const Stage& stage) {
    return std::get<Candidate>(stage.node.election().role()).tally.votes();
}

TEST(Impostor, MovesNoBlankNode) {
    Attacked attacked(blank(), 1);
    attacked.attack(kPerRole);
}

TEST(Impostor, MovesNoFollower) {
    Attacked attacked(member({1, 2, 3, 4, 5}, 5), 2);
    attacked.meet();
    const Heartbeat beat{.seq = 1, .promise = kE, .number = {0, 1}, .view = 1};
    ASSERT_TRUE(std::get<HeartbeatReply>(attacked.stage.ask(2, 6, beat).body).accepted);
    attacked.heard(2, 6, beat);
    attacked.heard(4, 6, VoteRequest{.config = {0, 1}});

    attacked.attack(kPerRole);

    EXPECT_EQ(attacked.stage.node.election().followed()->uuid, uuid(2));
}

TEST(Impostor, GivesACandidateNoVote) {
    Attacked attacked(member({1, 2, 3, 4, 5}, 5), 3);
    auto& stage = attacked.stage;
    become_candidate(attacked);
    vote(stage, 2);
    ASSERT_EQ(votes(stage), 2u) << "its own and that of node 2";

    attacked.attack(kPerRole);

    vote(stage, 2);
    EXPECT_EQ(votes(stage), 2u) << "each once";
    vote(stage, kMember);
    EXPECT_TRUE(std::holds_alternative<Leading>(stage.node.election().role()))
        << "its own vote still counts";
}

TEST(Impostor, KeepsNoLeaderInItsLead) {
    Attacked attacked(member({1, 2, 3, 4, 5}, 5), 4);
    auto& stage = attacked.stage;
    become_candidate(attacked);
    for (const int n : {2, 4}) vote(stage, n);
    for (const int n : {2, 4}) stage.ack(n);
    ASSERT_TRUE(stage.leads());

    attacked.attack(kPerRole);

    // Only forged acks come any more: the lease ends when it would without them.
    const auto until = stage.node.election().lease()->until;
    while (stage.now < until) {
        ASSERT_TRUE(stage.leads());
        attacked.attack(2);
        stage.pass(std::min<Duration>(5ms, until - stage.now));
    }
    EXPECT_FALSE(stage.leads());
}

}  // namespace
}  // namespace electiond
