// An impostor: has the certificate of one member and speaks as other nodes with it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "support/sim_cluster.h"

namespace electiond::sim {

// Forges requests from its making to its end: of another node by its id, or with the uuid of
// another under the id that the certificate names; anew, or as they were once sent; some with a
// certificate of another cluster, or none. The node on its machine goes on as before, but for its
// answers. A uuid is used only where it must be known: where the receiver has it in its
// configuration, or is that node. (Who first tells a node of a uuid that it cannot know yet is
// believed; protocol.md P2.)
class Impostor {
  public:
    // One request every `mean` on average. `host` is whose certificate it has. The cluster outlives
    // it; its referee expects refusals from now on.
    Impostor(SimCluster& cluster, std::size_t host, Duration mean = std::chrono::milliseconds(20));
    ~Impostor();
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;

    // Whether it puts forged answers into the place of every second one of its machine.
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
