// Messages between nodes as JSON text and back, strictly typed (protocol.md section 3).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "election/message.h"

// Pure functions: any thread, nothing is kept between calls.
namespace electiond::wire {

// A body larger than this is malformed. encode() stays below it: it leaves out those at the end of
// a `members` list that do not fit (they are for display and addressing only).
inline constexpr std::size_t kBodyMax = 64 * 1024;

// The text is no message of the protocol. what() names the field, what was expected and what was
// found, as in `config.voters[1].uuid: expected 1 to 64 printable characters, found true`;
// printable ASCII, at most some 200 bytes, fit for a log and for a refusal.
struct DecodeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A message without `clusterId`: it changes nothing and gets the seed's answer shape. Whatever
// else stands in it is not looked at.
struct SeedRequest {
    std::string name;
    Term term = 0;

    bool operator==(const SeedRequest&) const = default;
};

// "pre-vote", "vote-request", "heartbeat", "timeout-now", "hello", "status".
[[nodiscard]] std::string name_of(const RequestBody& body);
[[nodiscard]] bool known_request(std::string_view name);

// Numbers and texts are written as they are (a reader checks them), durations not below 0.
// `fromId`, `candidateId`, `leaderId` and `id` are the sender's id; `uuid` of a status its uuid.
// A sender without uuid is left out: only a status query works so.
[[nodiscard]] std::string encode(const PeerRequest& request);

// `address` and `api` of a status are the sender's: StatusReply's own are not written.
[[nodiscard]] std::string encode(const PeerReply& reply);

// The refusal `no_cluster_id`, in the shape of a vote or of a heartbeat answer.
[[nodiscard]] std::string encode_seed_reply(const SeedRequest& request, Term own_term);

// The body of a refusal of what is no message at all: {"error":…,"reason":"malformed"}.
[[nodiscard]] std::string encode_malformed(const DecodeError& error);

// Throws DecodeError, and nothing else. A status query may be empty and lack its sender.
// Fields that the protocol does not know are ignored; of a field that stands twice the last counts.
[[nodiscard]] std::variant<PeerRequest, SeedRequest> decode_request(std::string_view name,
                                                                    std::string_view body);

// The answer to a request of that name. Throws DecodeError, and nothing else. A reason that this
// version does not know is none.
[[nodiscard]] PeerReply decode_reply(std::string_view request_name, std::string_view body);

}  // namespace electiond::wire
