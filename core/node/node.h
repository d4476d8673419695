// The passive node: connects the pure Election to transport, storage, log and status board.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include <electiond/log.h>
#include <electiond/transport.h>

#include "election/durable.h"
#include "election/election.h"
#include "node/address_book.h"
#include "node/counters.h"
#include "node/event.h"
#include "node/failed_addresses.h"
#include "node/fault_log.h"
#include "node/grant_book.h"
#include "node/identity.h"
#include "node/journal.h"
#include "node/open_hellos.h"
#include "node/peer_identity.h"
#include "node/status_board.h"
#include "node/view_maker.h"
#include "wire/codec.h"
#include "wire/seq_text.h"

namespace electiond {

// What a Node uses besides its Election. Borrowed: all of it must outlive the Node.
struct NodeDependencies {
    Transport& transport;
    DurableStore& store;
    StatusBoard& board;
    GrantBook& grants;
    Journal& journal;
    Counters& counters;
    std::function<void(Event)> post;          // back into the mailbox, from any thread
    std::function<void(const Claim&)> claim;  // asks the arbiter; ArbiterAnswered comes back
    Log log;
};

// The record of a node that has never run: blank, with a fresh uuid. Does not save it.
[[nodiscard]] Durable new_record(const NodeId& id, const std::string& cluster, Random& random);

// Loads the record of this data directory, or creates one with a fresh uuid if the directory was
// never used. Raises its `starts`, and saves it. Throws Error (data) if the record belongs to
// another node, and what DurableStore throws.
[[nodiscard]] Durable load_or_create_record(DurableStore& store, const NodeId& id,
                                            const std::string& cluster, Random& random);

// One class in four files. Passes events to its Election and carries out the effects: decodes,
// steps, saves, replies, sends and publishes. Loop thread only, or the thread that stands in for it
// (Mailbox). handle() throws what DurableStore throws; the process must then end (D2: a node that
// can't save must not vote).
class Node {
  public:
    Node(const Policy& policy, Durable durable, Random random, Identity identity,
         NodeDependencies dependencies, Instant now);

    void handle(Instant now, Event event);
    // Handles the heartbeat of the leader that this node follows, or a follower's response to one,
    // without blocking, and calls no Transport. False if the event is anything else: then it was
    // left as it is, and nothing has happened. What else follows from the heartbeat is left for
    // do_rest(), which must be the next call then.
    [[nodiscard]] bool handle_briefly(Instant now, Event& event);
    [[nodiscard]] bool has_rest() const { return rest_.has_value(); }
    // Loop thread. Throws like handle().
    void do_rest(Instant now);
    // A deadline has come: like handle, without an event.
    void tick(Instant now);
    // The last call: writes what could wait until now. Throws like handle().
    void finish();
    // When it next wants a tick.
    [[nodiscard]] Instant deadline() const;

    [[nodiscard]] const Election& election() const { return election_; }

  private:
    void on(RequestArrived arrived);
    void on(const ReplyArrived& arrived);
    void on(const PeersPolled& polled);
    void on(const ArbiterAnswered& answered);
    void on(const HooksFinished&);
    void on(const HealthReported& health);
    void on(const PolicyChange& change);
    void on(CommandArrived command);

    // A request, and where its response goes. Borrowed for the call.
    struct Asked {
        const PeerRequest& message;
        Respond& respond;
    };
    void take_request(const Asked& asked);
    void take_accepted(const PeerRequest& message);
    void step(const Input& input);
    void after_step(Effects&& effects, const Asked* asked = nullptr);
    void finish_step(Effects&& effects, const Asked* asked);
    void reject(std::string_view reason, const std::string& what) { reject(reason, what, reason); }
    void reject(std::string_view reason, const std::string& what, std::string_view operation);
    [[nodiscard]] std::optional<PeerReply> read_reply(const ReplyArrived& arrived);
    void take_reply(const ReplyArrived& arrived, const PeerReply& reply, bool open);
    void count_hello(const ReplyArrived& arrived, bool dropped);
    void count_reply(const ReplyBody& body);
    void note_fault(const ReplyArrived& arrived, const PeerReply& reply, bool astray);
    void learn(const Sender& from);
    void refresh_routes(const NodeUuid& uuid);
    void learn_hint(const ReplyBody& body);
    void answer_status(Term term, const StatusQuery& query, const Respond& respond);
    [[nodiscard]] bool from_namesakes_address(const Sender& from) const;
    void log_removal();
    void publish();
    [[nodiscard]] Duration twin_delay() const;
    void sync_twin();

    // node_send.cpp: requests to other nodes, and what a response contains
    void send(Outgoing&& outgoing);
    [[nodiscard]] const std::string& encoded(const Outgoing& outgoing);
    [[nodiscard]] bool renumber(const RequestBody& next);
    [[nodiscard]] std::string encoded(const wire::ReplyHead& head, const ReplyBody& body);
    void send_to(NodeUuid uuid, const Endpoint& address, const std::string& name,
                 const std::string& body);
    [[nodiscard]] const Sender& sender();
    void fill_hint(ReplyBody& body) const;

    // node_identity.cpp: a message counts only if the certificate names its sender (P1 to P4)
    [[nodiscard]] std::optional<WrongIdentity> wrong_identity_of(
        const Sender& from, const std::vector<std::string>& verified_names) const;
    [[nodiscard]] std::optional<NodeId> holder_of(const NodeUuid& uuid) const;
    void bind_voters();
    void refuse(const Request& request, const PeerRequest& message, const WrongIdentity& wrong,
                const Respond& respond);
    void drop_answer(const ReplyArrived& arrived, const WrongIdentity& wrong);
    void note_refusal_of_us(const ReplyArrived& arrived, const PeerReply& reply);

    // node_brief.cpp: heartbeats, while the loop sleeps
    [[nodiscard]] const PeerRequest* read_ordinary_heartbeat(
        const Request& request, std::optional<PeerRequest>& room) const;
    [[nodiscard]] const PeerReply* read_ordinary_response(const ReplyArrived& arrived,
                                                          std::optional<PeerReply>& room) const;
    [[nodiscard]] bool is_ordinary(const Sender& from,
                                   const std::vector<std::string>& verified_names) const;

    struct Body;  // the functions that carry_out() calls

    // What the loop thread must still do for a step, and for which request.
    struct Rest {
        Effects effects;
        std::optional<PeerRequest> message;
        Respond respond;
    };

    static constexpr std::chrono::seconds kTwinDelayMax{1};

    Election election_;
    const Identity identity_;
    NodeDependencies dependencies_;
    AddressBook book_;
    FailedAddresses faults_;
    ViewMaker views_;
    OpenHellos open_hellos_;  // of a blank node (B6)
    Instant now_;
    const Instant started_;
    Instant twin_due_ = kNever;  // when the twin slot is written, unless another save comes first

    bool is_brief_ = false;  // in handle_briefly()
    std::optional<Rest> rest_;

    Sender sender_{};
    std::uint64_t sender_revision_ = 0;
    // the last request that was sent, without the addresses of its members, and its text
    std::uint64_t encoded_from_ = 0;
    Term encoded_term_ = 0;
    RequestBody encoded_body_{};
    wire::SeqText encoded_text_;
    // the last ack, and its text
    std::uint64_t ack_from_ = 0;
    wire::ReplyHead ack_head_{};
    HeartbeatReply ack_{};
    wire::SeqText ack_text_;
    ConfigNumber bound_{};  // the configuration that bind_voters() last put into the book
    Term campaign_ = 0;     // the last term that was counted as a campaign
    bool removed_ = false;  // log_removal() has logged it
    std::uint64_t tickets_ = 0;
    std::map<std::uint64_t, std::function<void(const Done&)>> commands_;
    FaultLog complaints_;  // by reason; wrong_identity by what was refused, too
};

}  // namespace electiond
