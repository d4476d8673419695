// One simulated machine: its clock and disk, and the process with the real Node that runs on it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "election/random.h"
#include "node/node.h"
#include "support/sim_clock.h"
#include "support/sim_disk.h"
#include "support/sim_network.h"

namespace electiond::sim {

class SimNode;

// The environment of a machine. Borrowed; outlives it.
struct SimWorld {
    Schedule& schedule;
    SimNetwork& network;
    Transcript& transcript;
    std::function<void(SimNode&, const Claim&)> claim;
    std::function<void(SimNode&)> handled;  // it took an event, or began or ended
    std::function<void(const SimNode&, const std::optional<Durable>&, const Durable&)> saved;
};

// A thread may be delayed between taking an event (and reading the clock for it) and handling it:
// by the scheduler, or by an fsync.
struct Lag {
    std::uint64_t chance = 0;  // per mille of the events
    Duration longest{0};
};

class SimNode : public Inbox {
  public:
    SimNode(std::size_t index, const Policy& policy, SimClock clock, SimWorld& world,
            std::uint64_t seed);

    // ---- faults and commands
    void start();
    void crash(std::string_view why);
    // A crash during a campaign that no other node noticed: its disk has a vote for itself in a
    // term that is `ahead` of its last. Returns that term; starts nothing.
    Term die_in_campaign(Term ahead);
    // Replaces its disk by an empty one and starts it.
    void lose_disk();
    // The offline command: a new, blank member of this uuid starts on its disk.
    void rejoin(const std::string& uuid);
    // The command Stop; the process ends when it is done.
    void stop();
    // Pauses its loop and its API; arriving events wait.
    void pause();
    void resume();
    void command(CommandBody what);
    void post(Event event);
    void deliver(Request request, Respond respond) noexcept override;
    // A client asks for a grant.
    [[nodiscard]] Milliseconds grant();

    // ---- state
    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] const Policy& policy() const { return policy_; }
    [[nodiscard]] bool running() const { return process_ != nullptr; }
    [[nodiscard]] bool paused() const { return paused_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] std::uint64_t life() const { return life_; }
    [[nodiscard]] const Election& election() const { return process_->node->election(); }
    [[nodiscard]] std::shared_ptr<const Status> status() const { return process_->board.read(); }
    [[nodiscard]] const Journal& journal() const { return process_->journal; }
    // True if it would answer now that it leads.
    [[nodiscard]] bool leads() const;
    [[nodiscard]] FencingToken token() const {
        return status()->leadership.token_at(clock.read(now()));
    }
    // Its entry in discovery, as of its last start.
    [[nodiscard]] Peer peer() const;
    [[nodiscard]] Moment now() const { return world_.schedule.now(); }
    // How often in a row it ticked at the same moment, to detect a busy loop.
    [[nodiscard]] int spins() const { return spins_; }
    // The oldest unfinished command.
    [[nodiscard]] std::optional<Moment> oldest_command() const;

    SimClock clock;
    SimDisk disk;
    Lag lag;
    Policy policy_;  // of its next start

    // For benches: if `timed`, `used` sums the processor time of its steps, and of handing over
    // messages to the network.
    bool timed = false;
    Duration used{0};
    [[nodiscard]] static Duration processor_time();  // of this thread

  private:
    struct Process {
        Process(std::uint64_t starts, Duration loss_delay) : journal(starts, loss_delay) {}

        StatusBoard board;
        GrantBook grants;
        Journal journal;
        Counters counters;
        std::unique_ptr<SimTransport> transport;
        std::unique_ptr<Node> node;
        std::deque<Event> queue;
        std::map<std::uint64_t, Moment> commands;  // that wait, by number
        std::uint64_t commanded = 0;
    };

    void turn();
    void take(std::optional<Event> event);
    void carry_out(Instant shown, std::optional<Event> event);
    void arm();
    void finish();
    void end();
    void say(std::string_view text);
    void say_what_changed();
    void run_stop_hooks();

    const std::size_t index_;
    SimWorld& world_;
    Random random_;
    Endpoint address_;
    std::unique_ptr<Process> process_;
    std::uint64_t life_ = 0;  // counts the processes
    bool busy_ = false;       // an event was taken and is not handled yet
    bool paused_ = false;
    bool stopping_ = false;
    bool drained_ = false;           // when last looked at
    std::function<void()> held_up_;  // the event to handle when it resumes
    std::optional<Moment> alarm_;    // the next wake-up that is scheduled
    Moment last_tick_{};
    int spins_ = 0;
    std::string said_;
};

}  // namespace electiond::sim
