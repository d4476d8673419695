// The election: a pure machine that takes a time and an input and returns effects (protocol.md).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "election/durable.h"
#include "election/founding.h"
#include "election/leadership_state.h"
#include "election/membership.h"
#include "election/policy.h"
#include "election/random.h"
#include "election/role.h"
#include "election/step.h"
#include "election/troubles.h"

namespace electiond {

// The leader of the current term: only H2 and C3 set it.
struct Followed {
    NodeUuid uuid;
    NodeId id;

    bool operator==(const Followed&) const = default;
};

// A leader that other nodes report, and that this node does not hear itself. Counts until `until`.
struct Hearsay {
    LeaderHint hint{};
    Instant until{};
};

// Decides for one node which nodes it votes for and follows, and when it leads. Time, chance and
// all messages come in as arguments; what must be saved, sent and published comes out as Effects,
// which carry_out() carries out in the safe order. Not shared between threads; owned by Node. Rules
// are quoted by their numbers in protocol.md.
class Election {
  public:
    // `durable` as it was loaded, or a new record with a fresh uuid; `starts` already raised. `now`
    // is the moment of start: earlier promises still bind the node until they expire (§2).
    Election(Policy policy, Durable durable, Random random, Instant now);

    // Takes one input. `now` never decreases from step to step.
    [[nodiscard]] Effects step(Instant now, const Input& input);
    // The same of RequestReceived and ReplyReceived, without a copy of the message: these come with
    // every heartbeat.
    [[nodiscard]] Effects step(Instant now, const PeerRequest& request,
                               bool from_namesakes_address);
    [[nodiscard]] Effects step(Instant now, const PeerReply& reply, bool from_namesakes_address,
                               bool hellos_open);

    // When the next Tick is due; kNever if none is.
    [[nodiscard]] Instant deadline() const;

    // ---- the present state, for display and for Node -------------------------------------------
    [[nodiscard]] const Durable& durable() const { return durable_; }
    [[nodiscard]] const Policy& policy() const { return policy_; }
    [[nodiscard]] Term term() const { return durable_.term; }
    [[nodiscard]] const Electorate& electorate() const { return durable_.config; }
    [[nodiscard]] const Role& role() const { return role_; }
    [[nodiscard]] const std::optional<Lease>& lease() const { return lease_; }
    [[nodiscard]] const Promise& promise() const { return promise_; }

    // Who leads, as this node knows it. Everything else that shows a leader is computed from this
    // value.
    [[nodiscard]] LeadershipState leadership() const;
    // Is this node a visible leader (§2)?
    [[nodiscard]] bool leads(Instant now) const { return leadership().leads_at(now); }
    // Leads, or re-elects itself in place. When this ends, the grant book is closed (§10).
    [[nodiscard]] bool holds_office() const;
    [[nodiscard]] bool draining() const;
    // This node, or the leader whose heartbeats it accepts; never hearsay.
    [[nodiscard]] std::optional<KnownLeader> leader(Instant now) const;
    [[nodiscard]] const std::optional<Followed>& followed() const { return leader_; }
    [[nodiscard]] std::optional<LeaderHint> hint(Instant now) const;
    // The leader that other nodes report: shown, but never followed (§2).
    [[nodiscard]] const std::optional<Hearsay>& hearsay() const { return hearsay_; }
    // E1: may lead.
    [[nodiscard]] bool eligible() const;
    [[nodiscard]] bool wants_vote() const;
    [[nodiscard]] bool leaving() const { return leave_.has_value(); }
    // E2: this node has stepped down lately, and lets other nodes lead.
    [[nodiscard]] bool cooling(Instant now) const;
    [[nodiscard]] Voter self() const { return {durable_.node_id, durable_.uuid}; }

    // True if this node leads and a quorum holds its configuration: then the configuration of every
    // later leader is this one or a successor of it. False on nodes that do not lead.
    [[nodiscard]] bool config_held() const;

    // The leader's view of all members, itself first; empty on other nodes. Node adds the
    // addresses.
    [[nodiscard]] std::vector<Member> members(Instant now) const;
    // What in that view changes with every round, for one of its members.
    [[nodiscard]] Contact contact_with(const NodeUuid& uuid, Instant now) const;
    // The view that the heartbeats of this term have brought; 0: none.
    [[nodiscard]] std::uint64_t view_held() const;
    [[nodiscard]] std::optional<Instant> heard_heartbeat() const { return heard_heartbeat_; }

    // The problems that last now, published or not. Node fills in the causes.
    [[nodiscard]] std::vector<Trouble> troubles() const;
    // Rises whenever the result of troubles() changes, except for times.
    [[nodiscard]] std::uint64_t troubles_revision() const { return troubles_.revision(); }

  private:
    friend struct ElectionFingerprint;  // tests/exploration distinguishes states

    // election.cpp: votes, heartbeats, campaigns
    struct Office {
        bool held = false;
        bool granted = false;  // the grant book was open
    };
    [[nodiscard]] Office begin_step(Instant now);
    [[nodiscard]] Effects end_step(Office before);
    void expire();
    [[nodiscard]] Instant lapse_of(const Leading& lead) const;
    void on_request(const PeerRequest& request);
    void on_reply(const PeerReply& reply);
    void on_tick();
    Reason refusal(const NodeUuid& candidate, Term term, ConfigNumber config, bool transfer) const;
    void explain(VoteReply& reply, ConfigNumber theirs) const;
    void on_pre_vote(const PeerRequest& request, const PreVote& body);
    void on_vote_request(const PeerRequest& request, const VoteRequest& body);
    void on_heartbeat(const PeerRequest& request, const Heartbeat& body);
    [[nodiscard]] HeartbeatReply ack(std::uint64_t seq, bool accepted) const;
    void on_pre_vote_reply(const PeerReply& reply, const PreVoteReply& body);
    void on_vote_reply(const PeerReply& reply, const VoteReply& body);
    void lost_a_vote(const NodeUuid& voter);
    Duration short_retry();
    bool overtaken(Term theirs);
    bool take_newer(const std::optional<Electorate>& config);
    void adopt(const Electorate& config);
    void on_election_timer();
    void become_candidate(bool transfer, bool in_place, Reason cause);
    void follow(Reason cause);
    void enter_term(Term term, const NodeUuid& vote);
    void ask_for_votes();
    [[nodiscard]] bool may_campaign() const;
    [[nodiscard]] Reason silence_cause() const;
    void set_random_timer();

    // lead.cpp: rounds, leases, the voters
    void become_leader(Reason cause);
    void run_deferred_commands();
    void start_round();
    [[nodiscard]] Heartbeat heartbeat_for(const Follower& follower, bool pending) const;
    void refresh_view();
    void take_policy(const PolicyChange& change);
    [[nodiscard]] bool shows_members() const;
    [[nodiscard]] MemberRole own_role() const;
    void extend_lease();
    void on_heartbeat_reply(const PeerReply& reply, const HeartbeatReply& body);
    [[nodiscard]] LeadView lead_view() const;
    [[nodiscard]] bool may_change_voters() const;
    void change_voters();
    void install(ConfigStep step);
    void end_removals();

    // hand_over.cpp: step-down, takeover, stop, leave, remove
    void on_command(const Command& command);
    void refuse(std::uint64_t ticket, Reason reason);
    void step_down(std::uint64_t ticket, const StepDown& command);
    void stop(std::uint64_t ticket);
    void give_way();
    void remove(std::uint64_t ticket, const Remove& command);
    void leave(std::uint64_t ticket);
    void advance_leave();
    [[nodiscard]] std::optional<NodeUuid> best_successor() const;
    [[nodiscard]] Removable can_remove_self() const;
    [[nodiscard]] Removable can_remove(const NodeUuid& uuid) const;
    bool begin_hand_over(std::vector<std::uint64_t> tickets, Reason cause,
                         std::optional<NodeUuid> target);
    bool promote_first(HandOver& hand_over);
    void advance_hand_over();
    void release();
    void advance_release();
    void end(const std::vector<std::uint64_t>& tickets, std::optional<NodeId> successor);
    void on_timeout_now(const PeerRequest& request, const TimeoutNow& body);

    // saving.cpp: what is saved, and what need not wait for it
    void save_what_changed();
    [[nodiscard]] bool asks_for_votes_first() const;
    [[nodiscard]] bool holds_config() const;

    // join.cpp: hello, founding, claims
    void on_hello(const PeerRequest& request, const Hello& body);
    void on_hello_reply(const PeerReply& reply, const HelloReply& body);
    void admit(const Sender& from, Reason& refused);
    void refused_by(const Sender& leader, Reason reason);
    [[nodiscard]] Hello own_hello() const;
    void say_hello_when_due();
    void found_when_due();
    void promise_set_when_due();
    void found(const std::string& cluster_id, std::vector<Voter> voters);
    void join_when_due();
    void join(const Sender& leader);
    void superseded(const Sender& from, Term theirs);
    void claim_when_due();
    void on_claim(const ClaimAnswered& answer);

    // troubles.cpp: problems that last, for the operator; nothing here decides an election
    HeardVoters::Entry* heard_from(const Sender& from);
    void note_request(const PeerRequest& request);
    void note_reply(const PeerReply& reply);
    void note_members(const std::vector<Member>& members);
    void watch_voters();
    void voter_acked(const Follower& follower);
    [[nodiscard]] std::optional<Bar> own_bar() const;
    void watch_outage();
    void outage_stands(Change change, Instant since);
    void watch_founders();
    [[nodiscard]] Instant lasts_until() const;

    // view.cpp: what all of these use
    [[nodiscard]] Instant quiet_since() const;
    void flapped(const NodeUuid& uuid);
    void take_hint(const std::optional<LeaderHint>& hint);
    void answer(ReplyBody body, Reason reason = Reason::none);
    void send(const NodeUuid& to, Term term, RequestBody body);
    void report(Reason reason, const std::string& detail, const NodeId& subject = {});
    void report(Reason reason, const std::string& detail, const NodeId& subject,
                RepeatedReports& problems, const std::string& about);
    void publish_changes();
    void publish_leader(const LeadershipState& state);
    [[nodiscard]] bool goes_on_leading(const NodeUuid& uuid) const;
    void publish_voters();
    Leading* leading() { return std::get_if<Leading>(&role_); }
    [[nodiscard]] const Leading* leading() const { return std::get_if<Leading>(&role_); }
    [[nodiscard]] const NodeUuid& me() const { return durable_.uuid; }
    [[nodiscard]] const Timing& timing() const { return policy_.timing; }

    static constexpr std::size_t kFlapsMax = 6;
    static constexpr std::chrono::hours kFlapsRemembered{1};

    Policy policy_;  // changed by take_policy() alone
    Durable durable_;
    Durable saved_;              // the record that was last in Effects::save
    bool rename_waits_ = false;  // D1b: they differ by the name of the configuration
    Instant rename_due_at_{};    // … which is saved from then on
    bool rename_due_ = false;    // … and by the step under way
    Random random_;

    Instant now_;                          // of the step under way
    bool from_namesakes_address_ = false;  // of the message under way
    Effects out_;                          // of the step under way

    Role role_ = Following{};
    std::optional<Followed> leader_;  // of the current term; only H2 and C3 set it
    Promise promise_;
    std::optional<Lease> lease_;
    Instant election_timer_ = kNever;
    std::optional<Instant> heard_heartbeat_;  // since the start
    struct Held {
        Term term = 0;
        std::uint64_t view = 0;
        Succession succession;
    };
    Held held_;  // the leader's last view (§9)
    struct Campaign {
        Term term = 0;
        Reason cause = Reason::none;
    };
    Campaign last_campaign_;  // the last one of another node: its cause is shown to operators

    std::optional<Instant> cool_down_since_;
    bool healthy_ = true;
    bool stopping_ = false;
    std::optional<Release> release_;
    struct Departure {
        std::vector<std::uint64_t> tickets{};
        Instant until{};                     // then leaving is given up
        std::optional<Instant> undecided{};  // M7: a leader waits until then for missing acks
    };
    std::vector<Removal> removals_;   // under way on this leader; a re-election in place keeps them
    std::optional<Departure> leave_;  // this node is leaving the cluster (§6.4)
    std::optional<NodeUuid> replaced_by_;  // E1: the promoted standby that took over; while it
                                           // leads, this node wants no vote
    std::map<NodeUuid, std::vector<Instant>>
        flaps_;  // M2: when this node lost the lead or fell silent
    std::optional<Hearsay> hearsay_;
    Reason step_reason_ = Reason::none;       // of the configuration just installed
    std::vector<Command> deferred_commands_;  // wait for the first lease of a re-election in place

    Founding founding_;
    struct Joining {
        Sender leader{};
        Instant until{};  // then it joins, even if responses are missing
    };
    std::optional<Joining> joining_;  // B6: a leader has responded; other addresses may still do so
    bool hellos_open_ = false;        // B6, as Node last reported it
    const Instant started_;
    Instant next_hello_;
    Instant next_claim_;
    bool claim_pending_ = false;
    std::optional<NodeUuid> claimed_by_;  // another node, if the arbiter's last claim names one

    // what was last published
    Reason cause_ = Reason::startup;
    Reason lead_cause_ = Reason::startup;
    std::optional<KnownLeader> published_leader_;
    NodeUuid published_last_leader_{};  // the present leader, else the one before; empty: never any
    Instant published_leader_until_{};  // when that one was last known to lead
    Instant published_promise_until_{};  // when our promise to it ends, if it is another node
    State published_state_ = State::follower;
    Electorate published_config_;
    std::set<std::pair<Reason, std::string>> published_reports_;  // a few; see report()
    Troubles troubles_;
};

}  // namespace electiond
