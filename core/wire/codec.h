// Messages between nodes as JSON text and back, strictly typed (protocol.md section 3).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "election/message.h"

// Pure functions: any thread. What a thread keeps of its last messages saves time, and changes no
// result.
namespace electiond::wire {

// A body larger than this is malformed. encode() stays below it: it leaves out the members at the
// end of `members` that do not fit (the list is for display and addressing only).
inline constexpr std::size_t kBodyMax = 64 * 1024;

// The text is no message of the protocol. what() names the field, what was expected and what was
// found, as in `config.voters[1].uuid: expected 1 to 64 printable characters, found true`;
// printable ASCII, at most some 200 bytes, fit for a log and for a refusal.
struct DecodeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A message without `clusterId`, as the prototype of electiond (the seed) sent them. It changes
// nothing, and its response has the seed's format. Its other fields are not read.
struct SeedRequest {
    std::string name;
    Term term = 0;

    bool operator==(const SeedRequest&) const = default;
};

// "pre-vote", "vote-request", "heartbeat", "timeout-now", "hello", "status".
[[nodiscard]] std::string name_of(const RequestBody& body);
[[nodiscard]] bool known_request(std::string_view name);

// Writes numbers and texts unchanged (the reader checks them), and a negative duration as 0.
// `fromId`, `candidateId`, `leaderId` and `id` are the sender's id; `uuid` of a status its uuid.
// If the sender has no uuid, leaves out its fields; only a status query may do that.
[[nodiscard]] std::string encode(const PeerRequest& request);

// The same of the parts of a request.
[[nodiscard]] std::string encode(const Sender& from, Term term, const RequestBody& body);

// `address` and `api` of a status are the sender's: StatusReply's own are not written.
[[nodiscard]] std::string encode(const PeerReply& reply);

// The same of the parts of a response.
struct ReplyHead {
    Term term = 0;
    Term request_term = 0;
    Reason reason = Reason::none;

    bool operator==(const ReplyHead&) const = default;
};
[[nodiscard]] std::string encode(const Sender& from, const ReplyHead& head, const ReplyBody& body);

// The refusal `no_cluster_id`, in the format of a vote response or of a heartbeat response.
[[nodiscard]] std::string encode_seed_reply(const SeedRequest& request, Term own_term);

// The body that refuses a text that is no message: {"error":…,"reason":"malformed"}.
[[nodiscard]] std::string encode_malformed(const DecodeError& error);

// Throws DecodeError, and nothing else. A status query may be empty and lack its sender.
// Unknown fields are ignored; if a field is there twice, the last one counts.
[[nodiscard]] std::variant<PeerRequest, SeedRequest> decode_request(std::string_view name,
                                                                    std::string_view body);

// The heartbeat that decode_request() would return, if this thread has decoded one lately that
// differs only in `seq`: without a copy. Else nullptr. Valid until this thread recalls or decodes
// another one.
[[nodiscard]] const PeerRequest* recall_heartbeat(std::string_view body);
// The same of the response to a heartbeat and decode_reply().
[[nodiscard]] const PeerReply* recall_ack(std::string_view body);

// Decodes the response to a request of that name. Throws DecodeError, and nothing else. A reason
// that this version does not know becomes Reason::none.
[[nodiscard]] PeerReply decode_reply(std::string_view request_name, std::string_view body);

}  // namespace electiond::wire
