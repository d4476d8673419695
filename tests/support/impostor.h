// An impostor: has the certificate of one member and pretends to be other nodes with it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "support/sim_cluster.h"

namespace electiond::sim {

// Forges requests as long as it exists: with the id of another node, or with the uuid of another
// node under the id in the certificate; new ones, or repeated old ones; some with a certificate of
// another cluster, or none. The node on its machine continues, except for its answers. A uuid is
// used only if the receiver must know it: it has it in its configuration, or is that node. (A node
// accepts the first message with a uuid that it cannot know yet; protocol.md P2.)
class Impostor {
  public:
    // One request every `mean` on average. `host` is the node whose certificate it has. The cluster
    // outlives it; the cluster's referee expects refusals from now on.
    Impostor(SimCluster& cluster, std::size_t host, Duration mean = std::chrono::milliseconds(20));
    ~Impostor();
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;

    // Replaces every second answer of its machine by a forged one, or stops that.
    void falsify_answers(bool wanted) { falsifies_ = wanted; }

    struct Counts {
        std::uint64_t requests = 0;  // forged, and answered
        std::uint64_t accepted = 0;  // of these: answered by anything but wrong_identity
        std::uint64_t answers = 0;   // forged
    };
    [[nodiscard]] const Counts& counts() const { return *counts_; }

  private:
    struct Overheard {
        std::string name;  // of the request
        std::string body;
    };

    void overhear(const Departure& departure);
    void forge_soon();
    void forge();
    void deliver(SimNode& to, Request request);
    void falsify(std::size_t asker, const Request& asked, Response& said);
    [[nodiscard]] SimNode* other(std::size_t than);
    [[nodiscard]] std::optional<Sender> lie(SimNode& victim, const SimNode& told, bool& by_uuid);
    [[nodiscard]] RequestBody some_request(const SimNode& to);
    [[nodiscard]] Term some_term();

    SimCluster& cluster_;
    const std::size_t host_;
    const Duration mean_;
    Random random_;
    bool falsifies_ = true;
    std::function<void(const Departure&)> watch_;  // of the network, as it was before
    std::deque<Overheard> requests_;               // of others than its host
    std::deque<Overheard> answers_;
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
    std::shared_ptr<Impostor*> alive_ = std::make_shared<Impostor*>(this);
};

}  // namespace electiond::sim
