// Anything at any moment: one Election under random inputs keeps what the bench checks at each
// step.
#include "bench.h"

namespace electiond {
namespace {

class Storm {
  public:
    Storm(std::uint64_t seed, const Durable& durable, const Policy& policy)
        : random_(seed), bench_(durable, policy, seed) {}

    void blow(int gusts) {
        for (int n = 0; n < gusts && !testing::Test::HasFailure(); ++n) {
            gust();
            close_the_book();
        }
        // Twenty seconds of silence: whoever asked for something has been told how it ended.
        for (int second = 0; second < 20; ++second) {
            bench_.pass(1s);
            close_the_book();
        }
        EXPECT_EQ(bench_.waiting(), 0u);
    }

  private:
    // As Node does at once, or as a node that is slow to come to it.
    void close_the_book() {
        if (bench_.node.draining() && below(8) > 0) bench_.feed(GrantsClosed{granted()});
    }
    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    bool flag() { return below(2) == 0; }
    int peer() { return 1 + static_cast<int>(below(5)); }
    Term near(Term term) { return term + below(4) - std::min<Term>(term, below(3)); }
    Instant granted() { return bench_.now + Milliseconds(below(300)); }
    std::string cluster() { return below(10) == 0 ? "other" : kCluster; }
    ConfigNumber number() {
        const auto own = bench_.node.electorate().number;
        return {near(own.term), near(own.version)};
    }
    // Never of a later term than its sender's (C3).
    std::optional<Electorate> config(Term sender) {
        if (below(6) != 0) return std::nullopt;
        auto some = electorate({1, 2, 3});
        if (flag()) some.voters.push_back(voter(4));
        if (below(5) == 0) some.voters.erase(some.voters.begin());
        some.number = {sender - std::min<Term>(sender, below(3)), 1 + below(9)};
        return some;
    }
    std::optional<LeaderHint> hint() {
        if (flag()) return std::nullopt;
        const int n = peer();
        return LeaderHint{.id = id(n), .uuid = uuid(n), .term = bench_.term()};
    }
    Says says() {
        const Term theirs = near(bench_.term());
        return {.term = theirs,
                .request_term = near(bench_.term()),
                .config = config(theirs),
                .hint = hint(),
                .cluster = cluster()};
    }

    void gust() {
        switch (below(16)) {
            case 0:
                return help();
            case 1:
            case 2:
                return bench_.pass(Milliseconds(below(below(4) == 0 ? 3000 : 150)));
            case 3:
                return bench_.sleep(Milliseconds(below(2500)));
            case 4: {
                auto beat = bench_.beat(Milliseconds(below(3000)));
                const Term theirs = bench_.term() + 1 + below(3);
                beat.config = config(theirs);
                if (flag()) {
                    beat.view = below(5);
                    beat.members.emplace();
                    beat.succession = Succession{{uuid(peer()), uuid(peer())}, 4ms};
                }
                return bench_.ask(2 + static_cast<int>(below(4)), theirs, beat, cluster());
            }
            case 5:
                return bench_.ask(peer(), near(bench_.term()), PreVote{number()}, cluster());
            case 6:
                return bench_.ask(peer(), near(bench_.term()),
                                  VoteRequest{.config = number(), .transfer = below(4) == 0},
                                  cluster());
            case 7:
                return bench_.ask(peer(), near(bench_.term()), TimeoutNow{}, cluster());
            case 8:
                return bench_.answer_pre_vote(peer(), below(4) != 0, flag() ? Says{} : says());
            case 9:
                return bench_.answer_vote(peer(), below(4) != 0, flag() ? Says{} : says());
            case 10:
            case 11: {
                Ack ack{.accepted = below(8) != 0,
                        .eligible = flag(),
                        .wants_vote = flag(),
                        .cooling = flag()};
                if (below(4) == 0) ack.term = near(bench_.term());
                if (below(4) == 0) ack.config = number();
                if (below(4) == 0) ack.seq = below(400);
                return bench_.ack(peer(), ack);
            }
            case 12:
                bench_.hello(sender(peer(), flag() ? "" : cluster()), {.blank = flag()});
                return;
            case 13:
                return bench_.answer_hello(sender(peer(), cluster()), {.blank = flag()}, says());
            case 14:
                return bench_.feed(ClaimAnswered{
                    flag() ? std::nullopt : std::optional(Claim{"stored", uuid(peer())})});
            default:
                return other();
        }
    }

    // Fair weather for a moment, or nobody would ever lead.
    void help() {
        for (int n = 0; n < 8; ++n) {
            for (const int friendly : {2, 3}) {
                if (bench_.is<PreCandidate>()) bench_.answer_pre_vote(friendly);
                if (bench_.is<Candidate>()) bench_.answer_vote(friendly);
                if (bench_.is<Leading>()) bench_.ack(friendly);
            }
            bench_.pass(Milliseconds(below(100)));
        }
    }

    void other() {
        switch (below(9)) {
            case 0:
                bench_.command(StepDown{flag() ? std::nullopt : std::optional<std::string>("3")});
                return;
            case 1:
                return bench_.feed(HooksDone{});
            case 2:
                return bench_.feed(HealthChanged{below(4) != 0});
            case 3:
                return bench_.feed(PeersFound{});
            case 4:
                return bench_.feed(AddressesChanged{});
            case 5:
                bench_.command(Remove{std::to_string(peer())});
                return;
            case 6:
                if (below(8) == 0) bench_.command(Leave{});
                return;
            case 7:
                return bench_.feed(
                    PolicyChange{.priority = static_cast<std::int64_t>(below(3) * 100),
                                 .max_voters = flag() ? 7U : 3U,
                                 .heartbeat = Milliseconds(20 + below(300)),
                                 .election_spread = Milliseconds(10 + below(1000)),
                                 .request_timeout = Milliseconds(10 + below(300)),
                                 .stable_after = Milliseconds(2000 + below(2000)),
                                 .dead_after = Milliseconds(10'000 + below(30'000))});
            default:
                if (below(20) == 0) bench_.command(Stop{});
                return;
        }
    }

    Random random_;
    Bench bench_;
};

TEST(Storm, AMemberKeepsItsRulesWhateverComes) {
    for (std::uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        auto policy = plain(Bootstrap::claim);
        policy.has_stop_hooks = seed % 2 == 0;
        policy.hooks_timeout = 200ms;
        Storm(seed, member({1, 2, 3}), policy).blow(1500);
    }
}

TEST(Storm, ALoneVoterKeepsItsRulesWhateverComes) {
    for (std::uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Storm(seed, member({1}), plain(Bootstrap::claim)).blow(1500);
    }
}

TEST(Storm, ABlankNodeKeepsItsRulesWhateverComes) {
    for (std::uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        auto policy = plain(seed % 2 == 0 ? Bootstrap::claim : Bootstrap::all);
        policy.expect = 1 + seed % 3;
        Storm(seed, blank(), policy).blow(800);
    }
}

}  // namespace
}  // namespace electiond
