// A cluster of whole real Nodes in virtual time: machines, network, discovery, arbiter, clients.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/referee.h"

namespace electiond::sim {

// The faults of discovery. Chances are per mille of the entries of one poll.
struct Rumours {
    bool addresses_only = false;  // neither id nor uuid
    std::uint64_t missing = 0;
    std::uint64_t wrong = 0;  // another address than the true one
};

struct SimSettings {
    std::uint64_t seed = 1;
    Policy policy{};                               // of every node, unless add() gets another one
    std::int64_t clock_rate = SimClock::kRateMax;  // the clocks' rates lie within ± this
    bool clients = true;                           // ask for grants all the time
};

// A fault that the referee found: its text, the seed, and the transcript.
struct Fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Single-threaded. All random values come from the seed, so a seed determines a run.
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

    // Advances the time. Throws Fault.
    void run(Duration length);
    // Advances until the condition holds, at most `limit`; false if it does not hold by then.
    bool run_until(const std::function<bool()>& holds, Duration limit);

    // ---- commands to all nodes
    void cut_off(std::size_t node);  // both ways, from everyone
    void part(const std::vector<std::size_t>& some);
    void heal();  // cuts, weather, lags, pauses, rumours; starts nodes that are down

    // ---- conditions that must become true, else Fault A node leads by the end of `limit`.
    void expect_leader(Duration limit);
    // For `length` the leader stays the same and no term increases.
    void expect_calm(Duration length);
    // §11: if the links allow a leader, one is elected after a while, and stays.
    void expect_lead_by_links();
    // Heals; then a leader is elected within ten election timeouts, and after `rest` of them every
    // command is answered and nothing changes any more.
    void settle(int rest = 6);
    void expect(bool holds, const std::string& what);
    // True if links, processes and configurations allow the election of a leader.
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
    std::vector<std::uint64_t> lives_;     // whose scout was started
    std::vector<std::vector<Peer>> told_;  // the last answer of discovery to each node
    std::optional<Claim> claimed_;
    std::vector<SimClock> client_clocks_;
};

}  // namespace electiond::sim
