// Cases of a discovery: stop tokens, threads, and what is left when an instance is destroyed.
#include <io/children.h>

#include <functional>
#include <stop_token>
#include <thread>

#include "kit/discovery_node.h"
#include "kit/process.h"

namespace electiond::kit {
namespace {

constexpr Milliseconds kToStop{500};  // what a call may take after a stop was requested

std::stop_token stopped() {
    std::stop_source source;
    source.request_stop();
    return source.get_token();
}

void announce_ends(Trial& trial) {
    DiscoveryNode node(trial);
    trial.in_time("announce with a requested stop", kToStop,
                  [&] { node.object().announce(peer("1", 1), stopped()); });
    node.announce(peer("1", 1));
}

void poll_ends(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    trial.in_time("poll with a requested stop", kToStop,
                  [&] { (void)node.object().poll(stopped()); });
    node.announce(peer("1", 1));
    (void)node.poll();
}

void withdraw_ends(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    trial.in_time("withdraw with a requested stop", kToStop,
                  [&] { node.object().withdraw(stopped()); });
}

void check_ends(Trial& trial) {
    DiscoveryNode node(trial);
    trial.in_time("check with a requested stop", kToStop,
                  [&] { (void)node.object().check(peer("1", 1), stopped()); });
}

// Requests the stop a moment after `act` has begun.
void stop_midway(Trial& trial, const std::string& what,
                 const std::function<void(std::stop_token)>& act) {
    std::stop_source source;
    const std::jthread stopper([&] {
        wait_a_moment();
        source.request_stop();
    });
    trial.in_time(what + ", stopped midway", kToStop, [&] { act(source.get_token()); });
}

void calls_end_midway(Trial& trial) {
    DiscoveryNode node(trial);
    for (int round = 0; round < 5; ++round) {
        stop_midway(trial, "announce",
                    [&](std::stop_token stop) { node.object().announce(peer("1", 1), stop); });
        stop_midway(trial, "poll", [&](std::stop_token stop) { (void)node.object().poll(stop); });
    }
    node.announce(peer("1", 1));
    (void)node.poll();
}

void forgets_tokens(Trial& trial) {
    DiscoveryNode node(trial);
    for (int round = 0; round < 3; ++round) {
        std::stop_source source;
        const auto token = source.get_token();
        trial.call("announce", [&] { node.object().announce(peer("1", 1), token); });
        trial.call("poll", [&] { (void)node.object().poll(token); });
        trial.report().step("a stop that is requested after the call");
        source.request_stop();  // runs callbacks that the plugin has left registered
    }
    (void)node.poll();
}

// As the host does: one thread makes the object, another calls and destroys it.
void lives_in_another_thread(Trial& trial) {
    DiscoveryNode node(trial);
    std::string fault;
    std::thread([&] {
        try {
            node.announce(peer("1", 1));
            (void)node.poll();
            node.withdraw();
            node.destroy();
        } catch (const Failed& failed) {
            fault = failed.reason;
        }
    }).join();
    expect(fault.empty(), "in a thread other than the factory's: " + fault);
}

void instances_run_at_once(Trial& trial) {
    std::vector<std::jthread> threads;
    for (int number = 1; number <= 4; ++number) {
        threads.emplace_back([&trial, number] {
            const auto self = peer("n" + std::to_string(number), number);
            try {
                DiscoveryNode node(trial, {.node_id = self.id.value});
                for (int round = 0; round < 20; ++round) {
                    node.announce(self);
                    (void)node.poll();
                }
                node.withdraw();
            } catch (const Failed& failed) {
                trial.note_fault("with four instances in four threads: " + failed.reason);
            } catch (const std::exception& error) {
                trial.note_fault(std::string("with four instances in four threads: ") +
                                 error.what());
            }
        });
    }
}

// One node from start to end, as in the daemon.
void live(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    node.withdraw();
}

void ends_threads(Trial& trial) {
    live(trial);
    const auto before = threads_now();
    for (int round = 0; round < 5; ++round) live(trial);
    expect(trial.eventually("the destructor", Milliseconds(500),
                            [&] { return threads_now().size() <= before.size(); }),
           "threads of the plugin run on after its destructor");
}

void closes_descriptors(Trial& trial) {
    live(trial);
    const auto before = descriptors_now();
    for (int round = 0; round < 5; ++round) live(trial);
    const auto now = descriptors_now();
    expect(now.size() <= before.size(),
           "descriptors are open after the destructor: " + added(before, now));
}

void ends_in_time(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    trial.in_time("the destructor", Milliseconds(1000), [&] { node.destroy(); });
}

void ends_without_withdraw(Trial& trial) {
    for (int round = 0; round < 3; ++round) {
        DiscoveryNode node(trial);
        node.announce(peer("1", 1));
        (void)node.poll();
    }
}

void inherits_nothing(Trial& trial) {
    const auto before = inheritable_now();
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    const auto more = added(before, inheritable_now());
    expect(more.empty(),
           "descriptors lack O_CLOEXEC, so children of the daemon inherit them: " + more);
}

void leaves_signals(Trial& trial) {
    const auto before = dispositions_now();
    live(trial);
    const auto more = added(before, dispositions_now());
    expect(more.empty(), "a call changes how signals are handled: " + more);
}

void leaves_no_child(Trial& trial) {
    live(trial);
    expect(io::children_now().empty(), "a child process is left after the destructor");
}

constexpr Case kCases[] = {
    {"stop_announce", "poll", "announce ends within 0.5 s if its stop is requested.",
     announce_ends},
    {"stop_poll", "poll", "poll ends within 0.5 s if its stop is requested.", poll_ends},
    {"stop_withdraw", "poll", "withdraw ends within 0.5 s if its stop is requested.",
     withdraw_ends},
    {"stop_check", "check", "check ends within 0.5 s if its stop is requested.", check_ends},
    {"stop_midway", "poll",
     "A call ends within 0.5 s if its stop is requested while it runs; the next one works.",
     calls_end_midway},
    {"stop_later", "poll", "A stop that is requested after a call has returned does nothing.",
     forgets_tokens},
    {"thread_of_the_host", "poll", "All other calls work in another thread than the factory's.",
     lives_in_another_thread},
    {"threads_at_once", "poll", "Instances in different threads do not disturb each other.",
     instances_run_at_once},
    {"ends_threads", "poll", "No thread of the plugin runs after the destructor.", ends_threads},
    {"ends_descriptors", "poll", "No descriptor is open after the destructor.", closes_descriptors},
    {"ends_in_time", "poll", "The destructor returns within a second.", ends_in_time},
    {"ends_without_withdraw", "poll", "The destructor works without withdraw.",
     ends_without_withdraw},
    {"ends_children", "poll", "No child process is left after the destructor.", leaves_no_child},
    {"inherits_nothing", "poll",
     "Each descriptor has O_CLOEXEC: children of the daemon inherit none.", inherits_nothing},
    {"leaves_signals", "poll", "No call changes how a signal is handled.", leaves_signals},
};

}  // namespace

std::span<const Case> discovery_stops() { return kCases; }

}  // namespace electiond::kit
