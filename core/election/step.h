// What goes into one step of the election, and what comes out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <electiond/peer.h>

#include "election/change.h"
#include "election/durable.h"
#include "election/message.h"

namespace electiond {

// ---- in ----------------------------------------------------------------------------------------

// A deadline has come.
struct Tick {};

struct RequestReceived {
    PeerRequest request{};
    // M5: the sender's address is that of a voter with the same id and another uuid.
    bool from_namesakes_address = false;
};

struct ReplyReceived {
    PeerReply reply{};
    bool from_namesakes_address = false;
    bool hellos_open = false;  // B6: hellos to other addresses have no response yet
};

// A request to `to` got no response.
struct NoReply {
    NodeUuid to{};
    bool vote_request = false;
    bool hellos_open = false;  // as in ReplyReceived
};

// Discovery or a message brought new addresses: a hello is due now.
struct PeersFound {};

// The address of a known node changed: a leader makes a new `view`.
struct AddressesChanged {};

// What the arbiter stores; nullopt if it could not find out.
struct ClaimAnswered {
    std::optional<Claim> stored{};
};

// The grant book is closed: no client relies on this node after `until` (§10).
struct GrantsClosed {
    Instant until{};
};

// The hooks that a hand-over waits for are done.
struct HooksDone {};

struct HealthChanged {
    bool healthy = true;
};

// The operator has changed settings that a running process can change. No promise and no lease
// depends on them: D, the length of a promise, is not among them (§7).
struct PolicyChange {
    std::int64_t priority = 100;
    std::size_t max_voters = 7;
    Milliseconds heartbeat{};
    Milliseconds election_spread{};
    Milliseconds request_timeout{};
    Milliseconds stable_after{};
    Milliseconds dead_after{};

    bool operator==(const PolicyChange&) const = default;
};

struct StepDown {
    std::optional<std::string> to{};  // an id or a uuid
};

// Removes a node for good (§6.4), or only checks whether that is possible now (`dry_run`).
struct Remove {
    std::string node{};  // an id or a uuid
    bool dry_run = false;
};

// This node leaves for good (§6.4).
struct Leave {};

// The process is about to stop: the election hands over, and never campaigns again.
struct Stop {};

using CommandBody = std::variant<StepDown, Remove, Leave, Stop>;

struct Command {
    std::uint64_t ticket = 0;
    CommandBody what{};
};

using Input =
    std::variant<Tick, RequestReceived, ReplyReceived, NoReply, PeersFound, AddressesChanged,
                 ClaimAnswered, GrantsClosed, HooksDone, HealthChanged, PolicyChange, Command>;

// ---- out ---------------------------------------------------------------------------------------

// The response to the request of this step. Node adds its sender fields and requestTerm.
struct Reply {
    Term term = 0;
    Reason reason = Reason::none;
    ReplyBody body{};
};

// All nodes whose address is known, except these. Node expands it.
struct Everyone {
    std::vector<NodeUuid> except{};
};

// A request to another node. Node adds its sender fields and the members' addresses.
struct Outgoing {
    std::variant<NodeUuid, Everyone> to{};
    Term term = 0;
    RequestBody body{};
};

// How a command ended. If the lead was handed over, `successor` leads `term`.
struct Done {
    std::uint64_t ticket = 0;
    Reason refused = Reason::none;  // none: it was carried out
    std::optional<NodeId> successor{};
    Term term = 0;
};

// What carry_out() does with the grant book (§10).
enum class Grants {
    unchanged,
    close,  // GrantsClosed comes back
    open,   // a new lead
};

// Only carry_out() may carry these out, because their order matters: nothing is sent before `save`
// is durable (D1), except for what D1 itself excepts.
struct Effects {
    std::optional<Durable> save{};
    bool send_before_save = false;  // `send` is the vote requests of a new candidate (D1a)
    Grants grants = Grants::unchanged;
    std::optional<Reply> reply{};
    std::vector<Outgoing> send{};
    std::vector<Change> changes{};
    bool members = false;  // Election::members() has changed
    std::vector<Done> done{};
    std::optional<Claim> claim{};  // ask the arbiter; ClaimAnswered comes back

    // True if nothing but `reply` and `members` is set: this can be carried out without the disk
    // and the transport.
    [[nodiscard]] bool only_reply() const {
        return !save && grants == Grants::unchanged && send.empty() && changes.empty() &&
               done.empty() && !claim;
    }
};

}  // namespace electiond
