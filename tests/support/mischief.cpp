// Does harm at random.
#include "support/mischief.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "election/recovery.h"

namespace electiond::sim {

void Mischief::run(Duration length) {
    const Moment end = cluster_.now() + length;
    while (cluster_.now() < end) {
        cluster_.run(std::min(random().below(2 * mean_), end - cluster_.now()));
        act();
    }
}

void Mischief::act() {
    const struct {
        unsigned weight;
        void (Mischief::*act)();
    } kinds[] = {{harm_.crash, &Mischief::crash},
                 {harm_.disk, &Mischief::disk},
                 {harm_.pause, &Mischief::pause},
                 {harm_.lag, &Mischief::lag},
                 {harm_.cut, &Mischief::cut},
                 {harm_.part, &Mischief::part},
                 {harm_.weather, &Mischief::weather},
                 {harm_.step_down, &Mischief::step_down},
                 {harm_.stop, &Mischief::stop},
                 {harm_.rumours, &Mischief::spread_rumours},
                 {harm_.restart_all, &Mischief::restart_all},
                 {harm_.join, &Mischief::join},
                 {harm_.lose_disk, &Mischief::lose_disk},
                 {harm_.leave, &Mischief::leave},
                 {harm_.lost_campaign, &Mischief::lost_campaign}};
    std::uint64_t total = 0;
    for (const auto& kind : kinds) total += kind.weight;
    std::uint64_t drawn = random().below(total);
    for (const auto& kind : kinds) {
        if (drawn < kind.weight) {
            ++acts_;
            return (this->*kind.act)();
        }
        drawn -= kind.weight;
    }
}

// Mostly short, sometimes long.
Duration Mischief::while_at_most(int timeouts) {
    const Duration most = timeouts * Duration(cluster_.election_timeout());
    return random().below(random().chance(500) ? most / 8 : most);
}

void Mischief::say(const std::string& what) {
    cluster_.transcript.line(cluster_.now(), Transcript::kWorld, what);
}

void Mischief::revive(SimNode& node, Duration wait) {
    cluster_.schedule.after(wait, [&node, life = node.life()] {
        if (node.life() == life && !node.running()) node.start();
    });
}

void Mischief::crash() {
    SimNode& node = random().chance(500) && cluster_.leader() ? *cluster_.leader() : any();
    if (!node.running()) return;
    const bool machine = random().chance(300);
    cluster_.network.set_silent(node.index(), machine);
    node.crash(machine ? "its machine reboots" : "killed");
    if (machine) {
        const Duration uptime = std::chrono::milliseconds(100) + while_at_most(3);
        node.clock.reboot(cluster_.now(), uptime);
    }
    revive(node, while_at_most(4));
}

void Mischief::disk() {
    SimNode& node = any();
    static constexpr SimDisk::Fault kFaults[] = {SimDisk::Fault::cut_before,
                                                 SimDisk::Fault::cut_after,
                                                 SimDisk::Fault::cut_twin, SimDisk::Fault::refused};
    node.disk.break_at(kFaults[random().below(std::size(kFaults))],
                       1 + random().below(std::uint64_t{3}));
    // It is not known when it strikes: from time to time whoever is down is started.
    for (int times = 1; times < 8; ++times) {
        cluster_.schedule.after(times * Duration(cluster_.election_timeout()), [&node] {
            if (!node.running()) node.start();
        });
    }
}

void Mischief::pause() {
    SimNode& node = random().chance(500) && cluster_.leader() ? *cluster_.leader() : any();
    if (!node.running() || node.paused()) return;
    node.pause();
    cluster_.schedule.after(while_at_most(4), [&node, life = node.life()] {
        if (node.life() == life) node.resume();
    });
}

void Mischief::lag() {
    SimNode& node = any();
    node.lag = {.chance = 100, .longest = while_at_most(1)};
    cluster_.schedule.after(while_at_most(8), [&node] { node.lag = {}; });
}

void Mischief::cut() {
    const auto from = any().index();
    const auto to = any().index();
    if (from == to) return deafen(to);
    say("cut " + node_name(from) + " > " + node_name(to));
    cluster_.network.cut(from, to);
    cluster_.schedule.after(while_at_most(8),
                            [this, from, to] { cluster_.network.mend(from, to); });
}

// It is heard and hears nobody, or the other way round.
void Mischief::deafen(std::size_t node) {
    const bool deaf = random().chance(600);
    say(node_name(node) + (deaf ? " hears nobody" : " is not heard"));
    for (std::size_t other = 0; other < cluster_.nodes().size(); ++other) {
        if (other != node)
            deaf ? cluster_.network.cut(other, node) : cluster_.network.cut(node, other);
    }
    cluster_.schedule.after(while_at_most(8), [this] { cluster_.network.mend_all(); });
}

void Mischief::part() {
    std::vector<std::size_t> some;
    const bool one = random().chance(400);
    for (std::size_t i = 0; i < cluster_.nodes().size(); ++i) {
        if (!one && random().chance(500)) some.push_back(i);
    }
    if (one) some = {any().index()};
    say("parted: " + std::accumulate(some.begin(), some.end(), std::string(),
                                     [](const std::string& all, std::size_t index) {
                                         return all + " " + node_name(index);
                                     }));
    cluster_.part(some);
    cluster_.schedule.after(while_at_most(8), [this] { cluster_.network.mend_all(); });
}

void Mischief::weather() {
    say("bad weather");
    auto& weather = cluster_.network.weather;
    weather.loss = random().below(std::uint64_t{500});
    weather.repeat = random().below(std::uint64_t{300});
    weather.spike = random().below(std::uint64_t{300});
    weather.spike_max = while_at_most(3);
    weather.echo = random().below(std::uint64_t{200});
    weather.echo_max = while_at_most(12);
    cluster_.schedule.after(while_at_most(8), [this] { cluster_.network.weather = cluster_.fair; });
}

void Mischief::step_down() {
    SimNode& node = random().chance(800) && cluster_.leader() ? *cluster_.leader() : any();
    if (!node.running() || node.stopping()) return;
    StepDown command;
    if (random().chance(500)) command.to = node_name(any().index());
    node.command(command);
}

void Mischief::stop() {
    SimNode& node = random().chance(500) && cluster_.leader() ? *cluster_.leader() : any();
    if (!node.running() || node.stopping()) return;
    node.stop();
    for (int times = 3; times < 9; ++times) {
        cluster_.schedule.after(times * Duration(cluster_.election_timeout()), [&node] {
            if (!node.running()) node.start();
        });
    }
}

void Mischief::spread_rumours() {
    cluster_.rumours = {.addresses_only = random().chance(200), .missing = 300, .wrong = 200};
    cluster_.schedule.after(while_at_most(8), [this] { cluster_.rumours = {}; });
}

void Mischief::restart_all() {
    say("everyone is killed");
    for (const auto& node : cluster_.nodes()) {
        if (node->running()) node->crash("killed");
        revive(*node, while_at_most(1));
    }
}

// Is everyone a member, with three voters or more?
bool Mischief::grown() const {
    return std::ranges::all_of(cluster_.nodes(), [](const auto& node) {
        const auto& record = node->disk.record();
        return record && record->config.voters.size() >= 3;
    });
}

// Are all voters' disks there, too? Two that are lost one after the other, or one right after
// another has gone on an operator's word, may leave no quorum: a case for `recover`.
bool Mischief::whole() const {
    const auto& nodes = cluster_.nodes();
    const auto lives = [&](const Voter& voter) {
        return std::ranges::any_of(nodes, [&](const auto& node) {
            return node->disk.record() && node->disk.record()->uuid == voter.uuid;
        });
    };
    return grown() && std::ranges::all_of(nodes, [&](const auto& node) {
               return std::ranges::all_of(node->disk.record()->config.voters, lives);
           });
}

void Mischief::lose_disk() {
    SimNode& node = any();
    if (cluster_.now() < no_loss_until_ || !whole() || node.paused()) return;
    const Duration timeout = cluster_.election_timeout();
    no_loss_until_ = cluster_.now() + 12 * timeout;
    // M7 sees a loss after 2 H; what an operator asks for within these is beyond it.
    no_removal_until_ = std::max(no_removal_until_, cluster_.now() + timeout / 2);
    node.lose_disk();
}

void Mischief::leave() {
    SimNode& node = any();
    auto* leader = cluster_.leader();
    if (!node.running() || node.stopping() || !leader || leader->stopping() || !grown()) return;
    if (cluster_.now() < no_removal_until_) return;
    no_loss_until_ = no_removal_until_ =
        cluster_.now() + 12 * Duration(cluster_.election_timeout());
    if (random().chance(500)) {
        node.command(Leave{});
    } else {
        leader->command(Remove{node_name(node.index())});
    }
    for (int times = 2; times < 10; ++times) {
        cluster_.schedule.after(times * Duration(cluster_.election_timeout()), [this, &node] {
            const auto& record = node.disk.record();
            if (record && record->left && !node.paused()) node.rejoin(random().identity());
        });
    }
}

// It died in a campaign that nobody heard of. The leader re-elects itself in place, and is
// asked to let go at once, or when it has just won.
void Mischief::lost_campaign() {
    SimNode& node = any();
    SimNode* leader = cluster_.leader();
    if (!node.running() || &node == leader || node.disk.record()->blank()) return;
    const Term own = node.disk.record()->term;
    const Term behind = std::max(cluster_.referee.highest_term(), own) - own;
    const Term term = node.die_in_campaign(behind + 1 + random().below(std::uint64_t{3}));
    node.start();
    if (!leader || random().chance(300)) return;
    const auto life = leader->life();
    const auto overtaken = [&] {
        return leader->life() != life || leader->election().term() > term;
    };
    if (!cluster_.run_until(overtaken, cluster_.election_timeout())) return;
    cluster_.run(random().below(Duration(std::chrono::milliseconds(20))));
    if (leader->running() && !leader->stopping()) leader->command(StepDown{});
}

void Mischief::join() {
    if (cluster_.nodes().size() >= max_nodes_) return;
    cluster_.add().start();
}

SimNode& split_in_two(SimCluster& cluster) {
    for (const auto& node : cluster.nodes()) node->crash("for good, it seems");
    cluster.run(std::chrono::seconds(2));
    cluster.referee.one_cluster = false;
    cluster.referee.many_leaders = true;
    for (std::size_t i = 0; i < 2; ++i) {
        auto& node = cluster.node(i);
        node.disk.rewrite(recovered(*node.disk.record(), cluster.random.identity()));
        node.start();
        const auto leads = [&] { return node.leads(); };
        cluster.expect(cluster.run_until(leads, 10 * cluster.election_timeout()),
                       "a recovered node does not lead");
    }
    return cluster.add();
}

}  // namespace electiond::sim
