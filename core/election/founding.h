// What a blank node has heard, and whether it may found a cluster (§6.1, §6.2).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "election/change.h"
#include "election/message.h"
#include "election/policy.h"

namespace electiond {

// The cluster id of a unanimous founding: the same on each node that knows the set (B5).
[[nodiscard]] std::string founding_hash(const std::string& cluster_name,
                                        const std::vector<Voter>& set);

// Not saved: a new process begins anew. Only messages with our cluster name get here.
class Founding {
  public:
    explicit Founding(Instant started) : last_member_answer_(started), set_stable_since_(started) {}

    // A hello, or the response to one, of a blank node or of a member of a cluster of our name.
    void heard(Instant now, const Sender& from, const Hello& hello);

    // B1: no member has answered for one election timeout.
    [[nodiscard]] bool alone(Instant now, Duration election_timeout) const {
        return now - last_member_answer_ >= election_timeout;
    }
    // When a member last answered; if none has, the start of this process.
    [[nodiscard]] Instant last_member_answer() const { return last_member_answer_; }

    // Has a member of this cluster, of our name, sent a message since our start?
    [[nodiscard]] bool knows(const std::string& cluster) const {
        return clusters_.contains(cluster);
    }

    // 6.1: the clusters of our name that were heard within `window`, if none of them replaced all
    // the others: "cluster id X (node 1) and cluster id Y (node 7)". Else empty.
    [[nodiscard]] std::string rivals(Instant now, Duration window) const;

    // B4: the set to promise now, sorted by uuid; nullopt if none is due. `window` is 2 J.
    [[nodiscard]] std::optional<std::vector<Voter>> set_due(Instant now, const Voter& self,
                                                            const Policy& policy, Duration window);

    // B5: has every member of `set` sent exactly this set?
    [[nodiscard]] bool unanimous(const std::vector<Voter>& set, const NodeUuid& self) const;

    // A member of `set` that has promised another set, so the cluster cannot form; for messages.
    [[nodiscard]] std::optional<NodeId> disagrees(const std::vector<Voter>& set) const;

    // For the operator: the founders that were not heard as founders within `window`. `promised` is
    // the founding set that this node has promised, or empty. The result is empty while members of
    // a cluster of our name are heard, because this node can join that cluster.
    [[nodiscard]] std::vector<FounderAwaited> awaited(Instant now, const Voter& self,
                                                      const Policy& policy,
                                                      const std::vector<Voter>& promised,
                                                      Duration window) const;

  private:
    struct Candidate {
        NodeId id;
        bool wants_vote = false;
        std::vector<Voter> set;
        Instant heard{};
    };

    // The listed ids, one uuid each, or the N smallest uuids; empty if a founder is missing.
    [[nodiscard]] std::vector<Voter> set_now(Instant now, const Voter& self, const Policy& policy,
                                             Duration window) const;

    [[nodiscard]] std::vector<const std::pair<const NodeUuid, Candidate>*> lately(
        Instant now, Duration window) const;
    [[nodiscard]] std::vector<FounderAwaited> promised_but_silent(
        Instant now, const Voter& self, const std::vector<Voter>& promised, Duration window) const;

    std::map<NodeUuid, Candidate> blank_;
    struct Cluster {
        Instant heard{};
        std::vector<std::string> supersedes;
        NodeId speaker;  // the first of its members that we heard, for the message
    };

    static constexpr std::size_t kHeardMax = 1024;

    std::map<std::string, Cluster> clusters_;
    Instant last_member_answer_;
    std::vector<Voter> seen_set_;  // the set as last computed, for "the same for 2 J"
    Instant set_stable_since_;
};

}  // namespace electiond
