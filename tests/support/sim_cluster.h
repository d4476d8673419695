// A cluster of whole real Nodes in virtual time: machines, network, discovery, arbiter, clients.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/referee.h"

namespace electiond::sim {

// What discovery shows is a hint at best. Chances are per mille of the entries of one poll.
struct Rumours {
    bool addresses_only = false;  // neither id nor uuid
    std::uint64_t missing = 0;
    std::uint64_t wrong = 0;  // another address than the true one
};

struct SimSettings {
    std::uint64_t seed = 1;
    Policy policy{};                               // of every node, where add() is given no other
    std::int64_t clock_rate = SimClock::kRateMax;  // the clocks' rates lie within ± this
    bool clients = true;                           // ask for grants all the time
};

// The referee has seen a fault: what, the seed, and the transcript.
struct Fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Single-threaded; everything that is random comes from the one seed, so a seed is a run.
class SimCluster {
  public:
    explicit SimCluster(const SimSettings& settings);
    ~SimCluster();
    SimCluster(const SimCluster&) = delete;
    SimCluster& operator=(const SimCluster&) = delete;

    // A machine whose disk is empty and whose process does not run yet. Its id is its index.
    SimNode& add() { return add(settings_.policy); }
    SimNode& add(const Policy& policy);
    void add_and_start(std::size_t count);

    // Lets time pass. Throws Fault.
    void run(Duration length);
    // Until it holds, at most `limit`; false where it does not hold by then.
    bool run_until(const std::function<bool()>& holds, Duration limit);

    // ---- what may be asked of all at once
    void cut_off(std::size_t node);  // both ways, from everyone
    void part(const std::vector<std::size_t>& some);
    void heal();  // cuts, weather, lags, pauses, rumours; starts whoever is down

    // ---- what must come true, else Fault
    // Somebody leads by the end of `limit`.
    void expect_leader(Duration limit);
    // For `length` the leader stays and no term rises anywhere.
    void expect_calm(Duration length);
    // §11: after a while a leader stands where the links that there are allow one, and for good.
    void expect_lead_by_links();
    // Heals; then a leader within ten election timeouts, after `rest` of them every command is
    // answered and all is calm.
    void settle(int rest = 6);
    void expect(bool holds, const std::string& what);
    // Could a leader be elected, as far as links, processes and configurations go?
    [[nodiscard]] bool leader_possible() const;

    [[nodiscard]] SimNode& node(std::size_t index) { return *nodes_[index]; }
    [[nodiscard]] const Referee::Nodes& nodes() const { return nodes_; }
    [[nodiscard]] SimNode* leader();
    [[nodiscard]] std::string report(const std::string& what) const;
    [[nodiscard]] Milliseconds election_timeout() const;  // the longest of all nodes
    [[nodiscard]] Moment now() const { return schedule.now(); }

    const SimSettings settings_;
    Random random;
    Schedule schedule;
    Transcript transcript;
    SimNetwork network;
    Weather fair;  // what heal() goes back to
    Rumours rumours;
    std::uint64_t arbiter_fails = 0;  // per mille of the claims
    Referee referee;

  private:
    [[nodiscard]] std::string portrait(const SimNode& node) const;
    void poll(SimNode& node, std::uint64_t life);
    [[nodiscard]] std::vector<Peer> gossip(const SimNode& asker);
    void claim(SimNode& node, const Claim& mine);
    void client();

    SimWorld world_;
    Referee::Nodes nodes_;
    std::vector<bool> announced_;
    std::vector<std::uint64_t> lives_;     // whose scout was set going
    std::vector<std::vector<Peer>> told_;  // what discovery last said to each
    std::optional<Claim> claimed_;
    std::vector<SimClock> client_clocks_;
};

}  // namespace electiond::sim
