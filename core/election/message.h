// Every message between nodes as a plain struct (protocol.md section 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <electiond/peer.h>

#include "election/electorate.h"
#include "election/leadership_state.h"
#include "election/member_role.h"
#include "election/reason.h"
#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// The sender fields of every request and response between nodes. Node fills in its own; an Election
// only reads those of others.
struct Sender {
    std::string cluster_id{};  // empty: a blank node
    std::string cluster_name{};
    NodeUuid uuid{};                    // `from`
    NodeId id{};                        // `fromId`, also candidateId and leaderId
    std::string incarnation{};          // drawn at each start
    std::optional<Endpoint> address{};  // of its transport, as the node itself reports it
    std::string api{};                  // host:port of its control API; may be empty
    std::vector<std::string> supersedes{};

    bool operator==(const Sender&) const = default;
};

// The leader whose heartbeat the responder last accepted; only while its promise to it lasts.
struct LeaderHint {
    NodeId id{};
    NodeUuid uuid{};
    Term term = 0;
    std::optional<Endpoint> address{};
    Milliseconds age{0};

    bool operator==(const LeaderHint&) const = default;
};

// The leader's view of one node, for display and addressing only.
struct Member {
    NodeId id{};
    NodeUuid uuid{};
    std::vector<Endpoint> addresses{};
    std::string api{};
    MemberRole role = MemberRole::observer;  // voter, standby or observer
    std::optional<Milliseconds> last_ack{};  // how long ago; nullopt: never in this term
    std::optional<Duration> rtt{};           // smoothed; on the wire rttUs, whole microseconds
    bool eligible = false;
    std::int64_t priority = 0;

    bool operator==(const Member&) const = default;
};

// Of these, what changes with every round.
struct Contact {
    std::optional<Milliseconds> last_ack{};
    std::optional<Duration> rtt{};

    bool operator==(const Contact&) const = default;
};

// The order in which voters campaign when the leader falls silent, and the delay between two (§9).
struct Succession {
    std::vector<NodeUuid> order{};
    Milliseconds step{0};

    bool operator==(const Succession&) const = default;
};

// ---- requests; the common `term` is in PeerRequest ---------------------------------------------

struct PreVote {  // `term` = sender's term + 1
    ConfigNumber config{};
    bool operator==(const PreVote&) const = default;
};

struct VoteRequest {
    ConfigNumber config{};
    bool transfer = false;        // asked for by the leader (T3)
    Reason cause = Reason::none;  // `reason`, optional, only shown: why it campaigns
    bool operator==(const VoteRequest&) const = default;
};

struct Heartbeat {
    std::uint64_t seq = 0;
    std::optional<Milliseconds> promise{};  // nullopt: the receiver's own election timeout
    ConfigNumber number{};                  // configTerm, configVersion
    std::optional<Electorate> config{};     // only to a receiver that lacks it
    bool config_pending = false;            // no quorum has acked that configuration yet
    std::uint64_t view = 0;                 // numbers `members` and `succession` within the term
    std::optional<std::vector<Member>> members{};
    std::optional<Succession> succession{};
    bool operator==(const Heartbeat&) const = default;
};

struct TimeoutNow {               // `term` = the term that the sender led
    Reason cause = Reason::none;  // `reason`, optional
    bool operator==(const TimeoutNow&) const = default;
};

struct Hello {  // the response has the same fields, of the responder
    bool blank = true;
    std::vector<Voter> founding_set{};
    bool wants_vote = true;
    std::int64_t priority = 100;
    ConfigNumber config{};
    bool operator==(const Hello&) const = default;
};

struct StatusQuery {
    bool members = false;
    bool operator==(const StatusQuery&) const = default;
};

using RequestBody = std::variant<PreVote, VoteRequest, Heartbeat, TimeoutNow, Hello, StatusQuery>;

struct PeerRequest {
    Sender from{};
    Term term = 0;
    RequestBody body{};
    bool operator==(const PeerRequest&) const = default;
};

// ---- responses; the common `term`, `requestTerm` and `reason` are in PeerReply -----------------

struct VoteReply {
    bool granted = false;
    std::optional<LeaderHint> hint{};
    std::optional<Electorate> config{};  // in a refusal, if the responder's is newer
    bool operator==(const VoteReply&) const = default;
};

struct PreVoteReply : VoteReply {  // its own type: a pre-vote must never count as a vote
    bool operator==(const PreVoteReply&) const = default;
};

struct HeartbeatReply {
    bool accepted = false;
    std::uint64_t seq = 0;
    ConfigNumber config{};
    std::uint64_t view = 0;
    bool eligible = false;
    std::int64_t priority = 0;
    bool wants_vote = true;
    bool leaving = false;
    bool cooling = false;
    bool operator==(const HeartbeatReply&) const = default;
};

struct TimeoutNowReply {
    bool accepted = false;
    bool operator==(const TimeoutNowReply&) const = default;
};

struct HelloReply {
    Hello self{};
    std::optional<LeaderHint> hint{};
    std::optional<Electorate> config{};
    bool operator==(const HelloReply&) const = default;
};

// The status of a node. Node responds to a StatusQuery; an Election never sees it.
struct StatusReply {
    std::optional<Endpoint> address{};
    std::string api{};
    std::optional<std::uint16_t> port{};  // of the control API
    State state = State::follower;
    MemberRole role = MemberRole::joining;
    std::optional<std::string> leader_id{};
    bool is_leader = false;
    Milliseconds lease_remaining{0};
    std::uint64_t uptime = 0;  // whole seconds
    std::optional<std::string> voted_for{};
    ConfigNumber config{};
    std::uint64_t voters = 0;
    std::string version{};
    std::optional<std::vector<Member>> members{};
    bool operator==(const StatusReply&) const = default;
};

using ReplyBody =
    std::variant<PreVoteReply, VoteReply, HeartbeatReply, TimeoutNowReply, HelloReply, StatusReply>;

struct PeerReply {
    Sender from{};
    Term term = 0;          // the responder's own
    Term request_term = 0;  // echo
    Reason reason = Reason::none;
    ReplyBody body{};
    bool operator==(const PeerReply&) const = default;
};

}  // namespace electiond
