// Messages under way: each kept once and known by a number.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <variant>

#include "election/step.h"
#include "exploration/renaming.h"

namespace electiond::exploration {

using MessageId = std::uint32_t;

struct Message {
    NodeIndex from = 0;
    NodeIndex to = 0;
    Term term = 0;                                // the activity that it belongs to
    std::optional<std::uint64_t> seq{};           // of a heartbeat or its ack
    std::variant<PeerRequest, PeerReply> what{};  // without what is only for people
    std::array<std::uint64_t, 6> hash{};          // under each renaming, but for seq

    template <class Body>
    [[nodiscard]] const Body* request() const {
        const auto* request = std::get_if<PeerRequest>(&what);
        return request ? std::get_if<Body>(&request->body) : nullptr;
    }
    template <class Body>
    [[nodiscard]] const Body* reply() const {
        const auto* reply = std::get_if<PeerReply>(&what);
        return reply ? std::get_if<Body>(&reply->body) : nullptr;
    }
    [[nodiscard]] std::string text() const;  // for people
};

// Grows only; a message keeps its number.
class Post {
  public:
    // nullopt if a message of this kind cannot change its receiver.
    std::optional<MessageId> request(NodeIndex from, const Outgoing& outgoing);
    std::optional<MessageId> reply(NodeIndex from, NodeIndex to, Term request_term,
                                   const Reply& reply);

    [[nodiscard]] const Message& operator[](MessageId id) const { return all_[id]; }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

  private:
    MessageId keep(Message message);

    std::deque<Message> all_;
    std::unordered_map<std::uint64_t, MessageId> known_;
};

[[nodiscard]] Sender sender(NodeIndex node);

}  // namespace electiond::exploration
