// A cluster of real electiond processes on a real network with real disks, all of which can break.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "control_page.h"
#include "hub.h"
#include "links.h"
#include "local_cluster.h"
#include "watcher.h"

namespace electiond::lab {

// Each node has a network namespace of its own and its data directory on a disk of its own. The
// watcher asks from the hub, whose packets are never dropped. enter_hub() must have succeeded. One
// thread only; nothing of a lab outlives the process that made it.
class Lab : public cluster::LocalCluster {
  public:
    struct Setting {
        int nodes = 3;
        Milliseconds election_timeout{1000};
        Milliseconds look_every{8};
        std::string transport = "http";
        bool by_name = false;
    };
    explicit Lab(const Setting& setting);
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab();

    // Network.
    void set(const Links& links);
    void heal() { set(Links(plan().nodes)); }
    void lose_packets(double share) { cuts_.lose(share); }  // at random, of those that may pass
    // Adds an address to this node, for its peers only: move() it there.
    [[nodiscard]] std::string give_address(int node);
    void black_hole(const std::string& address);  // permanently: no packet from or to it

    // Disk. Each of these is for a node whose process may run.
    void fill_disk(int node);
    void empty_disk(int node);
    void sync_fails(int node, bool fails) { control(node).sync_fails = fails; }
    void write_fails(int node, bool fails) { control(node).write_fails = fails; }
    void sync_takes(int node, Milliseconds time) { control(node).sync_takes_ms = time.count(); }
    // An ext4 that goes read-only by itself, as after an I/O error; before the node's first start.
    void use_ext4(int node);
    void abort_ext4(int node);
    void mend_ext4(int node);  // no process may use it

    // Clocks.
    void step_wall_clock(int node, std::chrono::seconds by);
    void boot_long_ago(int node, std::chrono::seconds by);  // from its next start on

    // Queries, all answered by the watcher: none waits for a stopped node.
    [[nodiscard]] const Watcher& watcher() const { return *watcher_; }
    [[nodiscard]] bool leads(int node, Instant since) const;  // asked after that
    [[nodiscard]] std::set<int> leading() const;              // by each node's newest answer
    [[nodiscard]] int leader_seen_by(int node) const;         // 0: it sees none
    // Waits until all of `nodes` (default: all running ones), in answers from now on, name the same
    // one of them as the leader, with the same term. 0 if that does not happen in time.
    [[nodiscard]] int await_agreement(std::set<int> nodes = {}, Milliseconds limit = kLong);
    // Waits until no term and no leader has changed for this time.
    [[nodiscard]] bool await_calm(Milliseconds window, Milliseconds limit = kLong);
    [[nodiscard]] std::optional<Lead> await_lead_after(Token token, Milliseconds limit = kLong);
    [[nodiscard]] Token newest_token() const;

    static constexpr Milliseconds kLong{60'000};

  private:
    struct Place {
        Place(const std::string& cable, const std::string& address,
              const std::filesystem::path& page)
            : outpost(cable, address), control(page) {}
        Outpost outpost;
        ControlPage control;
        std::vector<std::string> boot;  // the command that shifts its boot clock
    };
    [[nodiscard]] Control& control(int node) { return *places_.at(node)->control; }
    static constexpr int kFirstExtra = 100;  // the nodes' own addresses end in their numbers

    [[nodiscard]] std::string cable(int node) const;  // the hub's end
    void set_up(int node);
    void set_command(int node);

    Cuts cuts_;
    std::map<int, std::unique_ptr<Place>> places_;
    int extra_ = 0;  // addresses given
    std::unique_ptr<Watcher> watcher_;
};

}  // namespace electiond::lab
