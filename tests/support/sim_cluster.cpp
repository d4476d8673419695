// A cluster of whole real Nodes in virtual time.
#include "support/sim_cluster.h"

#include <algorithm>
#include <set>

namespace electiond::sim {
namespace {

constexpr std::size_t kClients = 8;

SimClock some_clock(Random& random, std::int64_t rate) {
    const auto span = static_cast<std::uint64_t>(2 * rate + 1);
    const auto drift = static_cast<std::int64_t>(random.below(span)) - rate;
    return {drift, std::chrono::seconds(1) + random.below(Duration(std::chrono::hours(24)))};
}

}  // namespace

SimCluster::SimCluster(const SimSettings& settings)
    : settings_(settings),
      random(settings.seed),
      network(schedule, transcript, Random(random.next())),
      referee(nodes_, schedule),
      world_{.schedule = schedule,
             .network = network,
             .transcript = transcript,
             .claim = [this](SimNode& node, const Claim& mine) { claim(node, mine); },
             .handled =
                 [this](SimNode& node) {
                     if (node.running() && node.life() != lives_[node.index()]) {
                         lives_[node.index()] = node.life();
                         announced_[node.index()] = true;
                         told_[node.index()].clear();
                         poll(node, node.life());
                     }
                     if (!node.running() && node.stopping()) announced_[node.index()] = false;
                     referee.saw(node);
                 },
             .saved = [this](const SimNode& node, const auto& before,
                             const auto& after) { referee.saw_save(node, before, after); }} {
    network.watch = [this](const Departure& departure) { referee.saw_departure(departure); };
    for (std::size_t i = 0; i < kClients; ++i) {
        client_clocks_.push_back(some_clock(random, settings_.clock_rate));
    }
    if (settings_.clients) client();
}

SimCluster::~SimCluster() = default;

SimNode& SimCluster::add(const Policy& policy) {
    const auto index = nodes_.size();
    nodes_.push_back(std::make_unique<SimNode>(
        index, policy, some_clock(random, settings_.clock_rate), world_, random.next()));
    announced_.push_back(false);
    told_.emplace_back();
    lives_.push_back(0);
    return *nodes_.back();
}

void SimCluster::add_and_start(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) add();
    for (const auto& node : nodes_) {
        if (!node->running()) node->start();
    }
}

// ---- time --------------------------------------------------------------------------------------

void SimCluster::run(Duration length) {
    const Moment end = now() + length;
    while (schedule.step(end)) {
        if (referee.fault()) throw Fault(report(*referee.fault()));
    }
}

bool SimCluster::run_until(const std::function<bool()>& holds, Duration limit) {
    const Moment end = now() + limit;
    while (!holds()) {
        if (!schedule.step(end)) return false;
        if (referee.fault()) throw Fault(report(*referee.fault()));
    }
    return true;
}

// ---- the world ---------------------------------------------------------------------------------

void SimCluster::cut_off(std::size_t node) { part({node}); }

void SimCluster::part(const std::vector<std::size_t>& some) {
    const auto inside = [&](std::size_t index) {
        return std::ranges::find(some, index) != some.end();
    };
    for (std::size_t a = 0; a < nodes_.size(); ++a) {
        for (std::size_t b = 0; b < nodes_.size(); ++b) {
            if (inside(a) != inside(b)) network.cut(a, b);
        }
    }
}

void SimCluster::heal() {
    network.mend_all();
    network.weather = fair;
    rumours = {};
    arbiter_fails = 0;
    for (const auto& node : nodes_) {
        node->disk.break_at(SimDisk::Fault::none);
        node->lag = {};
        node->resume();
        if (!node->running()) node->start();
    }
    transcript.line(now(), Transcript::kWorld, "everything is healed");
}

Milliseconds SimCluster::election_timeout() const {
    Milliseconds longest{0};
    for (const auto& node : nodes_) {
        longest = std::max(longest, node->policy().timing.election_timeout);
    }
    return longest;
}

SimNode* SimCluster::leader() {
    const auto* leader = referee.leader();
    return leader ? nodes_[leader->index()].get() : nullptr;
}

bool SimCluster::leader_possible() const {
    std::vector<const SimNode*> up;
    for (const auto& node : nodes_) {
        if (node->running() && !node->paused() && !node->election().durable().blank()) {
            up.push_back(node.get());
        }
    }
    const auto reaches_quorum_of = [&](const SimNode* node, const Electorate& config) {
        const auto reached = std::ranges::count_if(up, [&](const SimNode* other) {
            return config.has(other->election().durable().uuid) &&
                   network.open(node->index(), other->index()) &&
                   network.open(other->index(), node->index());
        });
        return config.has(node->election().durable().uuid) &&
               static_cast<std::size_t>(reached) >= config.quorum();
    };
    return std::ranges::any_of(up, [&](const SimNode* node) {
        return node->election().eligible() && std::ranges::all_of(up, [&](const SimNode* other) {
                   return other->election().electorate().voters.empty() ||
                          reaches_quorum_of(node, other->election().electorate());
               });
    });
}

void SimCluster::expect(bool holds, const std::string& what) {
    if (!holds) throw Fault(report(what));
}

void SimCluster::expect_leader(Duration limit) {
    expect(run_until([this] { return referee.leader() != nullptr; }, limit),
           "nobody leads although somebody could");
}

void SimCluster::expect_calm(Duration length) {
    const auto* leader = referee.leader();
    expect(leader != nullptr, "nobody leads at the beginning of the calm");
    const Term term = referee.highest_term();
    run(length);
    expect(referee.leader() == leader, "the leader changed in calm weather");
    expect(referee.highest_term() == term, "a term rose in calm weather");
}

void SimCluster::expect_lead_by_links() {
    const Duration timeout = election_timeout();
    run(10 * timeout);
    if (!leader_possible()) return;
    expect(leader() != nullptr, "nobody leads although somebody could");
    run(6 * timeout);
    expect_calm(15 * timeout);
}

void SimCluster::settle(int rest) {
    heal();
    const Duration timeout = election_timeout();
    expect_leader(10 * timeout);
    run(rest * timeout);
    for (const auto& node : nodes_) {
        expect(!node->oldest_command() || now() - *node->oldest_command() < 6 * timeout,
               "a command to node " + node_name(node->index()) + " is never answered");
    }
    expect_calm(10 * timeout);
}

// One node as it stands, in a line.
std::string SimCluster::portrait(const SimNode& node) const {
    std::string line = "node " + node_name(node.index());
    if (node.paused()) line += " paused";
    if (!node.running()) return line + " down\n";
    const auto& election = node.election();
    const auto& durable = election.durable();
    line += " uuid=" + durable.uuid.value.substr(0, 4) + " term=" + std::to_string(durable.term) +
            " " + std::string(to_string(election.leadership().state_at(node.clock.read(now())))) +
            (election.eligible() ? "" : " not eligible") + (election.leaving() ? " leaving" : "") +
            (durable.left ? " left" : "") +
            " config=" + std::to_string(durable.config.number.term) + "." +
            std::to_string(durable.config.number.version) + " voters:";
    for (const auto& voter : durable.config.voters) {
        line += " " + voter.id.value + "/" + voter.uuid.value.substr(0, 4);
    }
    return line + "\n";
}

std::string SimCluster::report(const std::string& what) const {
    std::string portraits;
    for (const auto& node : nodes_) portraits += portrait(*node);
    return what + "\nseed " + std::to_string(settings_.seed) + "\n" + transcript.text() +
           portraits + "fault: " + what + "\nseed " + std::to_string(settings_.seed) + "\n";
}

// ---- discovery, arbiter, clients ---------------------------------------------------------------

// The scout of one process: what is new is told, and a good while later it looks again.
void SimCluster::poll(SimNode& node, std::uint64_t life) {
    if (!node.running() || node.life() != life) return;
    auto peers = gossip(node);
    if (auto& told = told_[node.index()]; told != peers) {
        told = peers;
        schedule.after(Duration(0), [&node, life, peers = std::move(peers)] {
            if (node.life() == life) node.post(PeersPolled{0, peers});
        });
    }
    schedule.after(node.policy().timing.hello, [this, &node, life] { poll(node, life); });
}

std::vector<Peer> SimCluster::gossip(const SimNode& asker) {
    std::vector<Peer> peers;
    for (const auto& node : nodes_) {
        if (!announced_[node->index()]) continue;
        auto peer = node->peer();
        if (rumours.missing != 0 && random.chance(rumours.missing)) continue;
        if (rumours.wrong != 0 && random.chance(rumours.wrong)) {
            peer.addresses = nodes_[random.below(nodes_.size())]->peer().addresses;
            if (random.chance(500)) peer.addresses.front().port = 9;
        }
        if (rumours.addresses_only) peer.id = {}, peer.uuid = std::nullopt;
        if (node->index() != asker.index() || rumours.addresses_only) peers.push_back(peer);
    }
    return peers;
}

// Latency before and after the word is stored; a process may die in between.
void SimCluster::claim(SimNode& node, const Claim& mine) {
    const Duration there = random.below(Duration(std::chrono::milliseconds(20)));
    schedule.after(there, [this, &node, mine, life = node.life()] {
        const bool fails = arbiter_fails != 0 && random.chance(arbiter_fails);
        if (!fails && !claimed_) {
            claimed_ = mine;
            transcript.line(now(), node.index(), "names the cluster at the arbiter");
        }
        const ArbiterAnswered answer{fails ? std::nullopt : claimed_};
        schedule.after(random.below(Duration(std::chrono::milliseconds(20))),
                       [&node, life, answer] {
                           if (node.life() == life) node.post(answer);
                       });
    });
}

// Some client asks some node; it counts what it is told from the moment before it asked.
void SimCluster::client() {
    const Duration pause = random.below(Duration(2 * settings_.policy.timing.heartbeat));
    schedule.after(pause, [this] {
        client();
        if (nodes_.empty()) return;
        auto& node = *nodes_[random.below(nodes_.size())];
        const auto& clock = client_clocks_[random.below(kClients)];
        const Duration under_way = random.below(Duration(std::chrono::milliseconds(20)));
        const auto valid = node.grant();
        if (valid.count() == 0) return;
        const Moment asked = std::max(now() - under_way, Moment{});
        referee.saw_grant(node, clock.when(clock.read(asked) + valid));
        transcript.line(now(), node.index(),
                        "gives a client " + std::to_string(valid.count()) + " ms");
    });
}

}  // namespace electiond::sim
