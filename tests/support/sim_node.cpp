// One simulated machine.
#include "support/sim_node.h"

#include <time.h>

#include <utility>

#include <electiond/error.h>

#include "election/recovery.h"

namespace electiond::sim {

SimNode::SimNode(std::size_t index, const Policy& policy, SimClock own_clock, SimWorld& world,
                 std::uint64_t seed)
    : clock(own_clock),
      disk([this](const auto& before, const auto& after) { world_.saved(*this, before, after); }),
      policy_(policy),
      index_(index),
      world_(world),
      random_(seed),
      address_{"10.0.0." + std::to_string(index + 1), 4000} {}

// ---- what may happen to it ---------------------------------------------------------------------

void SimNode::start() {
    ENSURE(!running());
    ++life_;
    busy_ = paused_ = stopping_ = drained_ = false;
    held_up_ = nullptr;
    alarm_.reset();
    said_.clear();
    say("starts");
    try {
        auto durable = load_or_create_record(disk, NodeId(node_name(index_)), "sim", random_);
        const Duration loss_delay = 2 * policy_.timing.heartbeat;
        auto process = std::make_unique<Process>(durable.starts, loss_delay);
        process->transport = world_.network.plug(index_, address_);
        process_ = std::move(process);
        const NodeDependencies dependencies{
            .transport = *process_->transport,
            .store = disk,
            .board = process_->board,
            .grants = process_->grants,
            .journal = process_->journal,
            .counters = process_->counters,
            .post = [this](Event event) { post(std::move(event)); },
            .claim = [this](const Claim& claim) { world_.claim(*this, claim); },
            .log = Log([this](const LogLine& line) {
                if (line.level != LogLevel::debug) say("log: " + line.to_string());
            })};
        process_->node = std::make_unique<Node>(policy_, std::move(durable), Random(random_.next()),
                                                Identity{.incarnation = random_.identity(),
                                                         .address = address_,
                                                         .api = {},
                                                         .version = {},
                                                         .certificates_name_nodes = true},
                                                dependencies, clock.read(now()));
    } catch (const PowerCut&) {
        return crash("the power is cut while it wakes");
    } catch (const Error& error) {
        return crash(error.what());
    }
    process_->transport->start(*this);
    world_.handled(*this);
    arm();
}

void SimNode::crash(std::string_view why) {
    say("CRASHES: " + std::string(why));
    end();
}

// The regular end of its loop.
void SimNode::finish() {
    try {
        process_->node->finish();
    } catch (const PowerCut&) {
        return crash("the power is cut at its end");
    }
    end();
}

void SimNode::end() {
    process_.reset();
    ++life_;
    held_up_ = nullptr;
    if (random_.chance(100)) ++address_.port;  // the next start finds another one
    world_.handled(*this);
}

Term SimNode::die_in_campaign(Term ahead) {
    crash("killed in a campaign");
    Durable record = *disk.record();
    record.term += ahead;
    record.voted_for = record.uuid;
    disk.rewrite(record);
    return record.term;
}

void SimNode::lose_disk() {
    if (running()) crash("its disk is lost");
    disk.replace();
    start();
}

void SimNode::rejoin(const std::string& uuid) {
    if (running()) crash("it is to rejoin");
    disk.rewrite(rejoined(*disk.record(), NodeUuid(uuid)));
    start();
}

void SimNode::stop() {
    stopping_ = true;
    command(Stop{});
}

void SimNode::pause() {
    say("is paused");
    paused_ = true;
}

void SimNode::resume() {
    if (!paused_) return;
    say("goes on");
    paused_ = false;
    if (!running()) return;
    if (auto held_up = std::exchange(held_up_, nullptr)) held_up();
    turn();
}

void SimNode::command(CommandBody what) {
    const bool stop = std::holds_alternative<Stop>(what);
    const auto number = ++process_->commanded;
    process_->commands[number] = now();
    static constexpr const char* kCommands[] = {"step down", "remove another", "leave", "stop"};
    const std::string name = kCommands[what.index()];
    say("is asked to " + name);
    post(CommandArrived{
        std::move(what), [this, stop, number, name](const Done& done) {
            process_->commands.erase(number);
            say("the command to " + name + " is over " + std::string(to_string(done.refused)) +
                (done.successor ? " successor=" + done.successor->value : ""));
            if (!stop) return;
            world_.schedule.at(now(), [this, life = life_] {
                if (life != life_) return;
                say("has stopped");
                busy_ = true;  // what the transport still owes is not taken any more
                process_->transport->stop();
                finish();
            });
        }});
}

void SimNode::deliver(Request request, Respond respond) noexcept {
    post(RequestArrived{std::move(request), std::move(respond)});
}

Milliseconds SimNode::grant() {
    if (!running() || paused_) return Milliseconds{0};
    return process_->grants.grant(process_->board, clock.read(now()), policy_.timing.client_grant);
}

bool SimNode::leads() const { return running() && status()->leads_at(clock.read(now())); }

Peer SimNode::peer() const {
    Peer self{.id = NodeId(node_name(index_)), .uuid = {}, .addresses = {address_}, .api = {}};
    if (disk.record()) self.uuid = disk.record()->uuid;
    return self;
}

std::optional<Moment> SimNode::oldest_command() const {
    if (!running() || process_->commands.empty()) return std::nullopt;
    return process_->commands.begin()->second;
}

// ---- its loop, as node/loop.cpp turns it -------------------------------------------------------

void SimNode::post(Event event) {
    if (!running()) return;
    process_->queue.push_back(std::move(event));
    turn();
}

void SimNode::turn() {
    while (running() && !busy_ && !paused_ && !process_->queue.empty()) {
        Event event = std::move(process_->queue.front());
        process_->queue.pop_front();
        take(std::move(event));
    }
    if (running() && !busy_ && !paused_) arm();
}

// Takes one event, or a tick, and reads the clock for it; carries it out now or a little later.
void SimNode::take(std::optional<Event> event) {
    busy_ = true;
    const Instant shown = clock.read(now());
    if (lag.chance == 0 || !random_.chance(lag.chance)) return carry_out(shown, std::move(event));
    auto later = std::make_shared<std::optional<Event>>(std::move(event));
    world_.schedule.after(random_.below(lag.longest), [this, life = life_, shown, later] {
        if (life != life_) return;
        const auto go_on = [this, shown, later] {
            carry_out(shown, std::move(*later));
            turn();
        };
        paused_ ? void(held_up_ = go_on) : go_on();
    });
}

Duration SimNode::processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

void SimNode::carry_out(Instant shown, std::optional<Event> event) {
    const auto before = timed ? processor_time() : Duration{0};
    try {
        if (event) {
            process_->node->handle(shown, std::move(*event));
        } else {
            process_->node->tick(shown);
        }
    } catch (const PowerCut&) {
        return crash("the power is cut");
    } catch (const Error& error) {
        return crash(error.what());
    }
    if (timed) used += processor_time() - before;
    busy_ = false;
    say_what_changed();
    run_stop_hooks();
    world_.handled(*this);
}

// They take their time, sometimes more than they are given.
void SimNode::run_stop_hooks() {
    const bool begun = election().draining() && !drained_;
    drained_ = election().draining();
    if (!begun || !policy_.has_stop_hooks) return;
    world_.schedule.after(random_.below(2 * Duration(policy_.hooks_timeout)), [this, life = life_] {
        if (life == life_) post(HooksFinished{});
    });
}

// Sees to it that the loop wakes at the node's deadline, or a little earlier and looks again.
void SimNode::arm() {
    const Moment at = std::max(now(), clock.when(process_->node->deadline()));
    if (at == Moment::max() || (alarm_ && *alarm_ <= at)) return;
    alarm_ = at;
    world_.schedule.at(at, [this, life = life_, at] {
        if (life != life_ || alarm_ != at) return;
        alarm_.reset();
        if (busy_ || paused_) return;  // turn() arms again
        if (clock.read(now()) >= process_->node->deadline()) {
            spins_ = last_tick_ == now() ? spins_ + 1 : 0;
            last_tick_ = now();
            take(std::nullopt);
        }
        turn();
    });
}

// ---- what the transcript hears -----------------------------------------------------------------

void SimNode::say(std::string_view text) { world_.transcript.line(now(), index_, text); }

void SimNode::say_what_changed() {
    const auto& election = this->election();
    static constexpr const char* kRoles[] = {"follower", "precandidate", "candidate", "leader"};
    std::string text = std::string("= ") + kRoles[election.role().index()] +
                       " term=" + std::to_string(election.term()) +
                       (election.draining() ? " draining" : "");
    if (text == said_) return;
    said_ = std::move(text);
    say(said_);
}

}  // namespace electiond::sim
