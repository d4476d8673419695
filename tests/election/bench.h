// One Election on the bench: virtual time, readable words to feed it, and rules it keeps at each
// step.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cast.h"
#include "election/election.h"
#include "support/overlooked_voters.h"

namespace electiond {

// What a peer says beside its answer; what is left out is what an honest, current peer would say.
struct Says {
    std::optional<Term> term{};
    std::optional<Term> request_term{};
    std::optional<Electorate> config{};
    std::optional<LeaderHint> hint{};
    std::string cluster = kCluster;
};

struct Ack {
    std::optional<std::uint64_t> seq{};  // absent: the newest round
    std::optional<ConfigNumber> config{};
    std::optional<std::uint64_t> view{};
    bool accepted = true;
    bool eligible = true;
    std::int64_t priority = 100;
    bool wants_vote = true;
    bool leaving = false;
    bool cooling = false;
    std::optional<Term> term{};
    std::optional<Term> request_term{};
    std::string cluster = kCluster;
};

class Bench {
  public:
    explicit Bench(Durable durable = member({1, 2, 3}), Policy policy = plain(),
                   std::uint64_t seed = 1)
        : now(std::chrono::hours(1)),
          node(std::move(policy), std::move(durable), Random(seed), now) {}

    Instant now;
    Election node;
    Effects out;  // of the last act, however many steps it took

    // ---- time
    void feed(const Input& input) {
        out = {};
        add(input);
    }
    void tick() { feed(Tick{}); }
    // Lets `length` pass, with a Tick at every deadline on the way, as the Loop does.
    void pass(Duration length) {
        out = {};
        const Instant end = now + length;
        while (node.deadline() <= end && !testing::Test::HasFatalFailure()) {
            now = std::max(now, node.deadline());
            add(Tick{});
        }
        now = end;
        add(Tick{});
    }
    // Lets `length` pass without a Tick: a node that was asleep.
    void sleep(Duration length) { now += length; }
    // Goes from deadline to deadline until `wanted` holds.
    template <class Wanted>
    void pass_until(Wanted wanted, Duration limit = std::chrono::minutes(10)) {
        out = {};
        const Instant end = now + limit;
        while (!wanted() && node.deadline() <= end && !testing::Test::HasFatalFailure()) {
            now = std::max(now, node.deadline());
            add(Tick{});
        }
        ASSERT_TRUE(wanted()) << "did not come about in time";
    }

    // ---- what is so
    template <class R>
    [[nodiscard]] bool is() const {
        return std::holds_alternative<R>(node.role());
    }
    [[nodiscard]] const Leading& lead() const { return std::get<Leading>(node.role()); }
    [[nodiscard]] std::uint64_t round() const { return lead().rounds.newest(); }
    [[nodiscard]] Term term() const { return node.term(); }
    [[nodiscard]] const NodeUuid& voted_for() const { return node.durable().voted_for; }
    [[nodiscard]] bool leads() const { return node.leads(now); }
    [[nodiscard]] bool follows(int n) const {
        return node.followed() && node.followed()->uuid == uuid(n);
    }
    [[nodiscard]] Reason reason() const { return out.reply->reason; }

    // ---- what came out
    // The bodies of this kind that were sent, with whom they were sent to.
    template <class Body>
    [[nodiscard]] std::vector<std::pair<NodeUuid, Body>> sent() const {
        std::vector<std::pair<NodeUuid, Body>> all;
        for (const auto& each : out.send) {
            const auto* body = std::get_if<Body>(&each.body);
            const auto* to = std::get_if<NodeUuid>(&each.to);
            if (body) all.emplace_back(to ? *to : NodeUuid("everyone"), *body);
        }
        return all;
    }
    template <class Body>
    [[nodiscard]] std::optional<Body> sent_to(int n) const {
        std::optional<Body> last;
        for (const auto& [to, body] : sent<Body>()) {
            if (to == uuid(n)) last = body;
        }
        return last;
    }
    template <class Kind>
    [[nodiscard]] std::vector<Kind> told() const {
        std::vector<Kind> all;
        for (const auto& change : out.changes) {
            if (const auto* one = std::get_if<Kind>(&change)) all.push_back(*one);
        }
        return all;
    }
    [[nodiscard]] bool reported(Reason reason) const {
        return std::ranges::count(told<Report>(), reason, &Report::reason) > 0;
    }
    [[nodiscard]] State state() const { return node.leadership().state_at(now); }

    // ---- others ask
    void ask(int from, Term term, RequestBody body, const std::string& cluster = kCluster) {
        feed(RequestReceived{{sender(from, cluster), term, std::move(body)}});
    }
    bool asks_pre_vote(int from, Term term, std::optional<ConfigNumber> config = {}) {
        ask(from, term, PreVote{config.value_or(node.electorate().number)});
        return std::get<PreVoteReply>(out.reply->body).granted;
    }
    bool asks_vote(int from, Term term, std::optional<ConfigNumber> config = {},
                   bool transfer = false) {
        ask(from, term,
            VoteRequest{.config = config.value_or(node.electorate().number), .transfer = transfer});
        return std::get<VoteReply>(out.reply->body).granted;
    }
    HeartbeatReply heartbeat(int from, Term term, Heartbeat body) {
        ask(from, term, std::move(body));
        return std::get<HeartbeatReply>(out.reply->body);
    }
    HeartbeatReply heartbeat(int from, Term term, Milliseconds promise = kE) {
        return heartbeat(from, term, beat(promise));
    }
    [[nodiscard]] Heartbeat beat(Milliseconds promise = kE) const {
        return {.seq = 1, .promise = promise, .number = node.electorate().number};
    }
    bool told_timeout_now(int from, Term term) {
        ask(from, term, TimeoutNow{});
        return std::get<TimeoutNowReply>(out.reply->body).accepted;
    }
    HelloReply hello(Sender from, Hello body = {}) {
        feed(RequestReceived{{std::move(from), 0, std::move(body)}});
        return std::get<HelloReply>(out.reply->body);
    }

    // ---- others answer
    void answer_pre_vote(int from, bool granted = true, const Says& says = {}) {
        PreVoteReply body;
        body.granted = granted;
        body.config = says.config;
        reply(from, says.term, says.request_term.value_or(term() + 1), body, says.cluster);
    }
    void answer_vote(int from, bool granted = true, const Says& says = {}) {
        VoteReply body;
        body.granted = granted;
        body.config = says.config;
        reply(from, says.term, says.request_term.value_or(term()), body, says.cluster);
    }
    void ack(int from, const Ack& what = {}) {
        const auto* leading = std::get_if<Leading>(&node.role());
        const HeartbeatReply body{.accepted = what.accepted,
                                  .seq = what.seq.value_or(leading ? leading->rounds.newest() : 1),
                                  .config = what.config.value_or(node.electorate().number),
                                  .view = what.view.value_or(leading ? leading->view : 1),
                                  .eligible = what.eligible,
                                  .priority = what.priority,
                                  .wants_vote = what.wants_vote,
                                  .leaving = what.leaving,
                                  .cooling = what.cooling};
        reply(from, what.term, what.request_term.value_or(term()), body, what.cluster);
    }
    // `open`: other addresses that were asked may still answer (B6).
    void answer_hello(Sender from, Hello self, const Says& says = {}, Reason reason = Reason::none,
                      bool open = false) {
        feed(ReplyReceived{.reply = {std::move(from), says.term.value_or(term()),
                                     says.request_term.value_or(term()), reason,
                                     HelloReply{std::move(self), says.hint, says.config}},
                           .hellos_open = open});
    }

    // ---- whole passages
    // Waits for its own campaign and lets these grant what it asks.
    void campaign() {
        pass_until([this] { return is<PreCandidate>() || is<Leading>(); });
    }
    void win(std::initializer_list<int> friends = {2, 3}) {
        campaign();
        for (const int n : friends) answer_pre_vote(n);
        for (const int n : friends) answer_vote(n);
        ASSERT_TRUE(is<Leading>());
    }
    // Wins, and has the lease that the acks of these friends are worth.
    void take_the_lead(std::initializer_list<int> friends = {2, 3}) {
        win(friends);
        for (const int n : friends) ack(n);
        ASSERT_TRUE(leads());
    }
    // Leads on for `length`; these ack every round.
    void lead_on(Duration length, std::initializer_list<int> friends = {2, 3},
                 const Ack& what = {}) {
        for (const Instant end = now + length; now < end;) {
            pass(std::min<Duration>(kH, end - now));
            for (const int n : friends) ack(n, what);
        }
    }
    std::uint64_t command(CommandBody what) {
        waiting_.insert(++tickets_);
        feed(Command{tickets_, std::move(what)});
        return tickets_;
    }

    // Commands that have not ended yet.
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  private:
    template <class Body>
    void reply(int from, std::optional<Term> theirs, Term request_term, const Body& body,
               const std::string& cluster) {
        feed(ReplyReceived{
            {sender(from, cluster), theirs.value_or(term()), request_term, Reason::none, body}});
    }

    void add(const Input& input) {
        const Durable before = node.durable();
        auto effects = node.step(now, input);
        keeps_what_is_durable(before, effects);
        says_what_is_durable(effects);
        keeps_its_roles();
        wakes_when_it_must();
        EXPECT_FALSE(overlooks_a_change_of_voters(node, now));
        for (const auto& done : effects.done) {
            EXPECT_EQ(waiting_.erase(done.ticket), 1u) << "every command ends once";
        }
        out.send_before_save = out.send_before_save || effects.send_before_save;
        if (effects.save) out.save = std::move(effects.save);
        if (effects.reply) out.reply = std::move(effects.reply);
        if (effects.claim) out.claim = std::move(effects.claim);
        if (effects.grants != Grants::unchanged) out.grants = effects.grants;
        out.members = out.members || effects.members;
        std::ranges::move(effects.send, std::back_inserter(out.send));
        std::ranges::move(effects.changes, std::back_inserter(out.changes));
        std::ranges::move(effects.done, std::back_inserter(out.done));
    }

    // D1, and what never falls or changes: K1, the term, a vote, a founding set.
    void keeps_what_is_durable(const Durable& before, const Effects& effects) {
        const auto& after = node.durable();
        if (effects.save) {
            EXPECT_EQ(*effects.save, after);
            EXPECT_NE(*effects.save, disk_) << "what changes is saved, no more";
            disk_ = *effects.save;
        } else if (after != disk_) {
            EXPECT_TRUE(only_renamed(disk_, after)) << "what changes is saved (D1b)";
        }
        EXPECT_GE(after.term, before.term);
        EXPECT_GE(after.promise, before.promise);
        EXPECT_EQ(after.uuid, before.uuid);
        const bool replaced = !before.blank() && after.cluster_id != before.cluster_id;
        if (replaced) return;  // B7 forgets the rest
        EXPECT_GE(after.config.number, before.config.number);
        if (after.term == before.term && !before.voted_for.empty()) {
            EXPECT_EQ(after.voted_for, before.voted_for) << "one vote a term";
        }
        if (!before.founding_set.empty() && after.supersedes == before.supersedes) {
            EXPECT_EQ(after.founding_set, before.founding_set);
        }
    }

    // D1a, D1b
    void says_what_is_durable(const Effects& effects) const {
        if (effects.send_before_save) {
            EXPECT_TRUE(effects.save && is<Candidate>());
            for (const auto& each : effects.send) {
                EXPECT_TRUE(std::holds_alternative<VoteRequest>(each.body));
            }
        }
        if (!effects.reply) return;
        const auto* ack = std::get_if<HeartbeatReply>(&effects.reply->body);
        if (ack && ack->accepted) {
            EXPECT_EQ(ack->config, disk_.config.number);
        }
    }

    void keeps_its_roles() const {
        if (node.lease()) {
            EXPECT_TRUE(node.holds_office()) << "a lease without office";
        }
        if (is<Leading>()) {
            EXPECT_EQ(voted_for(), uuid(1));
            EXPECT_EQ(node.electorate().number.term, term()) << "C3";
            EXPECT_FALSE(node.promise().binds(now, uuid(1))) << "L3";
        }
        if (node.followed() && !follows(1)) {
            EXPECT_TRUE(is<Following>());
        }
    }

    // No deadline may stay in the past (a busy loop), and there is always one (or it never wakes).
    void wakes_when_it_must() const {
        Election copy = node;
        for (int ticks = 0; ticks < 3 && copy.deadline() <= now; ++ticks) {
            (void)copy.step(now, Tick{});
        }
        ASSERT_GT(copy.deadline(), now) << "a deadline stays in the past";
        EXPECT_LT(node.deadline(), kNever) << "it would never wake";
    }

    std::uint64_t tickets_ = 0;
    std::set<std::uint64_t> waiting_;
    Durable disk_ = node.durable();  // as last saved
};

}  // namespace electiond
