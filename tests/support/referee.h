// Checks a simulated cluster after every event, and reports which guarantee of the protocol was
// violated.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/sim_node.h"

namespace electiond::sim {

// Checks from outside: reads boards, disks and messages, and of a node's internal state only the
// role Leading. Keeps the first fault; everything after it is meaningless.
class Referee {
  public:
    using Nodes = std::vector<std::unique_ptr<SimNode>>;
    // Both outlive it.
    Referee(const Nodes& nodes, const Schedule& schedule) : nodes_(nodes), schedule_(schedule) {}

    // ---- input
    void saw(const SimNode& node);
    void saw_save(const SimNode& node, const std::optional<Durable>& before, const Durable& after);
    void saw_departure(const Departure& departure);
    // `node` has granted a client to rely on it until `until`, on the client's clock.
    void saw_grant(const SimNode& node, Moment until);

    // ---- results
    [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }
    void blame(const std::string& what);
    // The visible leader now; nullopt if there is none.
    [[nodiscard]] const SimNode* leader() const;
    [[nodiscard]] Term highest_term() const { return highest_term_; }
    [[nodiscard]] std::uint64_t leaders_seen() const { return leaders_seen_; }
    [[nodiscard]] FencingToken highest_token() const { return highest_token_; }

    // Only one cluster may be founded. Switched off by tests that need more.
    bool one_cluster = true;
    // Clusters foreign to each other: each may have a leader of its own.
    bool many_leaders = false;
    // Some nodes pretend to be other nodes, and may be refused.
    bool impostors = false;

  private:
    void check_voters(const SimNode& leader);
    void check_leaders();
    void check_leader(const SimNode& leader);
    void check_grants(const SimNode& leader);
    void check_followed(const SimNode& node);
    void check_refusals(const SimNode& node);
    [[nodiscard]] std::string realm(const SimNode& node) const;
    void check_configurations();
    void saw_lead(const Durable& winner);
    void check_reply(const SimNode& node, const Durable& disk, const PeerReply& reply,
                     const PeerRequest& request);
    void check_request(const SimNode& node, const Durable& disk, const PeerRequest& request);

    struct Grant {
        std::size_t node = 0;
        std::string realm{};
        Moment until{};
    };

    struct Read {
        std::uint64_t saves = 0;
        std::uint64_t skipped = 0;
    };

    const Nodes& nodes_;
    const Schedule& schedule_;
    std::optional<std::string> fault_;
    std::map<std::pair<std::string, Term>, NodeUuid> led_;  // cluster and term: who
    struct Campaign {
        std::optional<ConfigNumber> asked_with{};
        std::set<NodeUuid> granted{};
    };
    std::map<std::tuple<std::string, Term, NodeUuid>, Campaign> campaigns_;
    std::string cluster_;
    std::map<std::tuple<std::size_t, std::size_t, bool>, Read>
        read_;                   // node, name by its length, is it an answer?
    std::vector<Grant> grants_;  // that still run
    struct Tenure {
        FencingToken token = 0;
        std::size_t holder = 0;
    };
    std::map<std::string, Tenure> tenures_;                      // the newest of each realm
    std::map<std::size_t, std::pair<Term, NodeUuid>> followed_;  // as boards last showed it
    std::uint64_t looks_ = 0;  // at a leader, after an event of its own
    FencingToken highest_token_ = 0;
    Term highest_term_ = 0;
    std::uint64_t leaders_seen_ = 0;
};

}  // namespace electiond::sim
