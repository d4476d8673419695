// chaos: real faults at random, one after the other and on top of each other; after each there must
// be a leader, and never two. Packets may be lost all the while (--loss, in per cent).
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <random>

#include "bench.h"
#include "damage.h"
#include "lab.h"

namespace electiond::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSkipped = 77;
constexpr int kDiskFailed = 74;

double ms_between(Instant from, Instant to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

class Chaos {
  public:
    explicit Chaos(const cluster::Options& options)
        : nodes_(options.number("nodes")),
          random_(static_cast<std::uint64_t>(options.number("seed"))),
          lab_({.nodes = nodes_,
                .election_timeout = options.duration("election-timeout"),
                .transport = options.text("transport")}),
          damage_(nodes_) {
        lab_.lose_packets(static_cast<double>(options.number("loss")) / 100);
        lab_.start_all();
        settle();
    }

    void strike() {
        const int node = chance(2) ? leader() : any();
        const auto& [name, make] = kFaults[below(kFaults.size())];
        auto more = damage_;
        make(*this, more, node);
        if (!more.allows_a_leader()) {
            repair();
            more = damage_;
            make(*this, more, node);
            if (!more.allows_a_leader()) return strike();
        }
        const auto token = lab_.newest_token();
        auto& tally = tallies_[name];
        ++tally.struck;
        const auto struck = Clock::now();
        inflict(more);
        if (const auto next = await_lead(token, struck)) {
            ++tally.unseated;
            gaps_.push_back(ms_between(struck, next->first_answered));
            tally.longest_ms = std::max(tally.longest_ms, gaps_.back());
        }
        if (!lab_.watcher().faults().empty()) give_up("two leaders");
        if (chance(2)) repair();
    }

    void finish() {
        repair();
        std::printf("%-32s %8s %20s %16s\n", "fault", "times", "another leader came",
                    "at the latest ms");
        for (const auto& [name, tally] : tallies_) {
            std::printf("%-32s %8d %20d %16.1f\n", name.c_str(), tally.struck, tally.unseated,
                        tally.longest_ms);
        }
        if (!gaps_.empty()) {
            cluster::print_figures("from the fault to the next leader", gaps_,
                                   lab_.plan().election_timeout);
        }
        std::printf(
            "%zu answers, %llu terms, %d repairs, %d of which cost the leader its place; "
            "overlapping or falling leads found: %zu\n",
            lab_.watcher().looks(), static_cast<unsigned long long>(lab_.newest_token()), repairs_,
            unseated_by_repair_, lab_.watcher().faults().size());
    }

    void progress(int done) {
        std::printf(
            "%4d faults, leader %d, term %llu, broken now: %zu killed, %zu stopped, %zu "
            "directions cut\n",
            done, leader(), static_cast<unsigned long long>(lab_.newest_token()),
            damage_.killed.size() + damage_.cannot_start.size(), damage_.stopped.size(),
            damage_.links.cuts().size());
        std::fflush(stdout);
    }

  private:
    struct Tally {
        int struck = 0, unseated = 0;
        double longest_ms = 0;
    };
    struct Fault {
        std::string name;
        void (*make)(Chaos&, Damage&, int node);
    };
    static const std::vector<Fault> kFaults;

    std::size_t below(std::size_t end) { return random_() % end; }
    bool chance(std::size_t of) { return below(of) == 0; }
    int any() { return static_cast<int>(below(static_cast<std::size_t>(nodes_))) + 1; }
    int any_but(int node) {
        const int other = any();
        return other == node ? any_but(node) : other;
    }
    int leader() { return lab_.watcher().leads().rbegin()->second.node; }

    // Does what is new in `more`.
    void inflict(const Damage& more) {
        const auto fresh = [](const std::set<int>& now, const std::set<int>& before) {
            std::vector<int> nodes;
            std::ranges::set_difference(now, before, std::back_inserter(nodes));
            return nodes;
        };
        for (const int node : fresh(more.killed, damage_.killed)) lab_.kill9(node);
        for (const int node : fresh(more.stopped, damage_.stopped)) lab_.signal(node, SIGSTOP);
        for (const int node : fresh(more.bad_disk, damage_.bad_disk)) lab_.sync_fails(node, true);
        if (more.links.cuts() != damage_.links.cuts()) lab_.set(more.links);
        for (const int node : fresh(more.cannot_start, damage_.cannot_start)) {
            lab_.kill9(node);
            lab_.sync_fails(node, true);
            lab_.start(node);
            if (lab_.process(node).wait(Lab::kLong) != kDiskFailed) {
                give_up("a node started on a disk that fails");
            }
        }
        damage_ = more;
    }

    // Mends all, in one order or the other, and waits until all follow one leader.
    void repair() {
        const auto token = lab_.newest_token();
        const bool links_first = chance(2);
        if (links_first) lab_.heal();
        for (int node = 1; node <= nodes_; ++node) lab_.sync_fails(node, false);
        for (const int node : damage_.stopped) lab_.signal(node, SIGCONT);
        lab_.start_all();
        if (!links_first) lab_.heal();
        damage_ = Damage(nodes_);
        settle();
        ++repairs_;
        if (lab_.newest_token() > token) ++unseated_by_repair_;
    }

    void settle() {
        if (lab_.await_agreement(damage_.links.all()) == 0) give_up("no agreement on a leader");
    }

    // The lead after `token`; nothing where its holder still leads when all who could have missed
    // it would have acted.
    std::optional<Lead> await_lead(Token token, Instant struck) {
        const int holder = leader();
        const auto late =
            struck + 2 * lab_.plan().election_timeout + lab_.plan().election_timeout / 4;
        std::optional<Lead> next;
        const auto led = [&] {
            if (lab_.newest_token() > token) next = lab_.await_lead_after(token);
            return next || lab_.leads(holder, late);
        };
        if (!cluster::wait_until(led, Lab::kLong)) give_up("no leader");
        return next;
    }

    [[noreturn]] void give_up(const std::string& why) {
        for (const auto& fault : lab_.watcher().faults()) std::cerr << fault << "\n";
        cluster::give_up(lab_, why);
    }

    int nodes_;
    std::mt19937_64 random_;
    Lab lab_;
    Damage damage_;
    std::map<std::string, Tally> tallies_;
    std::vector<double> gaps_;
    int repairs_ = 0, unseated_by_repair_ = 0;
};

const std::vector<Chaos::Fault> Chaos::kFaults = {
    {"killed", [](Chaos&, Damage& d, int node) { d.killed.insert(node); }},
    {"stopped", [](Chaos&, Damage& d, int node) { d.stopped.insert(node); }},
    {"cut off", [](Chaos&, Damage& d, int node) { d.links.isolate(node); }},
    {"hears nobody", [](Chaos&, Damage& d, int node) { d.links.deafen(node); }},
    {"heard by nobody", [](Chaos&, Damage& d, int node) { d.links.mute(node); }},
    {"one link cut", [](Chaos& c, Damage& d, int node) { d.links.cut(node, c.any_but(node)); }},
    {"one direction cut",
     [](Chaos& c, Damage& d, int node) { d.links.cut_one_way(node, c.any_but(node)); }},
    {"a third of all directions cut",
     [](Chaos& c, Damage& d, int) {
         for (const int a : d.links.all()) {
             for (const int b : d.links.all()) {
                 if (c.chance(3)) d.links.cut_one_way(a, b);
             }
         }
     }},
    {"disk fails", [](Chaos&, Damage& d, int node) { d.bad_disk.insert(node); }},
    {"restarted on a failing disk",
     [](Chaos&, Damage& d, int node) { d.cannot_start.insert(node); }},
    {"wall clock set",
     [](Chaos& c, Damage&, int node) {
         const auto hours = static_cast<int>(c.below(2000)) - 1000;
         c.lab_.step_wall_clock(node, std::chrono::hours(hours));
     }},
};

int run(int argc, char** argv) {
    const cluster::Options options(argc, argv,
                                   {{"nodes", "5"},
                                    {"faults", "200"},
                                    {"seed", "1"},
                                    {"election-timeout", "500ms"},
                                    {"transport", "http"},
                                    {"loss", "0"}});
    if (const auto& reason = enter_hub(); !reason.empty()) {
        std::cout << "impossible here: " << reason << std::endl;
        return kSkipped;
    }
    std::cout << options.text("nodes") << " nodes, " << options.text("transport")
              << ", E = " << options.text("election-timeout") << ", seed " << options.text("seed")
              << ", " << options.text("loss") << " % of all packets lost" << std::endl;
    Chaos chaos(options);
    for (int fault = 1; fault <= options.number("faults"); ++fault) {
        chaos.strike();
        if (fault % 20 == 0) chaos.progress(fault);
    }
    chaos.finish();
    return 0;
}

}  // namespace
}  // namespace electiond::lab

int main(int argc, char** argv) { return electiond::lab::run(argc, argv); }
