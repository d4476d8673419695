// Cases of a transport: it starts, stops, and leaves nothing behind.
#include <io/children.h>

#include <functional>
#include <thread>

#include "kit/output.h"
#include "kit/process.h"
#include "kit/stranger.h"
#include "kit/transport_node.h"

namespace electiond::kit {
namespace {

constexpr Milliseconds kToStop{2000};

void starts(Trial& trial) {
    TransportNode node(trial);
    expect(!node.endpoint().host.empty(), "start returns an endpoint without a host");
}

void is_reached_where_it_says(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    expect(receiver.endpoint() != sender.endpoint(),
           "two instances with port 0 return the same endpoint");
    (void)sender.ask(receiver.endpoint());
    expect(receiver.delivered() == 1,
           "a request to the endpoint that start returned is not delivered");
}

void names_a_taken_address(Trial& trial) {
    TransportNode first(trial);
    const auto address = first.endpoint().to_string();
    CaseInbox inbox(trial, echo);
    const auto second = trial.make_transport({.listen = address});
    const auto text = trial.refusal("start on an address that is in use", Error::os,
                                    [&] { (void)second->start(inbox); });
    expect(text.find(address) != std::string::npos,
           "the Error about an address that is in use does not name " + address + ": " + text);
    (void)first.ask(first.endpoint());
}

// TEST-NET-1: an address that no host has.
void names_a_foreign_address(Trial& trial) {
    CaseInbox inbox(trial, echo);
    const auto node = trial.make_transport({.listen = "192.0.2.1:7401"});
    const auto text = trial.refusal("start on an address of another host", Error::os,
                                    [&] { (void)node->start(inbox); });
    expect(text.find("192.0.2.1") != std::string::npos,
           "the Error about an address of another host does not name it: " + text);
}

// start() may be repeated: the daemon ends, but another program may wait for the address.
void is_destroyed_after_a_failure(Trial& trial) {
    TransportNode first(trial);
    CaseInbox inbox(trial, echo);
    auto second = trial.make_transport({.listen = first.endpoint().to_string()});
    (void)trial.error_of("start on an address that is in use", [&] { (void)second->start(inbox); });
    trial.report().step("stop after a start that failed");
    second->stop();
    second.reset();
    (void)first.ask(first.endpoint());
}

void listens_on_a_name(Trial& trial) {
    require_localhost();
    TransportNode receiver(trial, echo, {.listen = "localhost:0"});
    TransportNode sender(trial);
    (void)sender.ask(receiver.endpoint());
}

void listens_on_ipv6(Trial& trial) {
    std::unique_ptr<TransportNode> receiver;
    const auto error = trial.error_of("start on [::1]:0", [&] {
        try {
            receiver = std::make_unique<TransportNode>(trial, echo, Setup{.listen = "[::1]:0"});
        } catch (const Failed& failed) {
            throw std::runtime_error(failed.reason);
        }
    });
    if (error) throw Skipped{"no IPv6 here: " + *error};
    TransportNode sender(trial);
    (void)sender.ask(receiver->endpoint());
}

void sends_without_listening(Trial& trial) {
    TransportNode receiver(trial);
    const auto sender = trial.make_transport({.listen = receiver.endpoint().to_string()});
    try {
        trial.report().step("start_sending");
        sender->start_sending();
    } catch (const Error& error) {
        expect(error.code() == Error::refused,
               "start_sending throws, but not an Error with code refused: " +
                   std::string(error.what()));
        throw Skipped{"it does not send without listening"};
    }
    auto outcome = std::make_shared<Outcome>(trial);
    sender->send(receiver.endpoint(), request("hello"), kWaitLimit,
                 [outcome](Response response) { outcome->report(std::move(response)); });
    const auto response = outcome->await(kWaitLimit);
    expect(response.kind == Response::Kind::ok,
           "after start_sending a request is reported as " + in_words(response) + " instead of ok");
    trial.report().step("stop");
    sender->stop();
}

void stops_unstarted(Trial& trial) {
    const auto node = trial.make_transport();
    trial.report().step("stop before start");
    node->stop();
}

void stops_twice(Trial& trial) {
    TransportNode node(trial);
    node.stop();
    node.stop();
}

void stops_in_time(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    (void)sender.ask(receiver.endpoint());
    trial.in_time("stop", kToStop, [&] { sender.stop(); });
    trial.in_time("stop", kToStop, [&] { receiver.stop(); });
}

void frees_its_address(Trial& trial) {
    Endpoint endpoint;
    {
        TransportNode first(trial);
        TransportNode sender(trial);
        (void)sender.ask(first.endpoint());
        endpoint = first.endpoint();
        first.stop();
        TransportNode second(trial, echo, {.listen = endpoint.to_string()});
        expect(sender.reaches(endpoint), "a second instance at the same address is not reached");
    }
    TransportNode third(trial, echo, {.listen = endpoint.to_string()});
}

void listens_no_more(Trial& trial) {
    TransportNode node(trial);
    const auto endpoint = node.endpoint();
    if (!accepts(endpoint)) throw Skipped{"nothing listens by TCP at " + endpoint.to_string()};
    node.stop();
    expect(!accepts(endpoint), "connections are accepted after stop()");
}

void destructor_stops(Trial& trial) {
    FalsePeer silent;
    auto node = std::make_unique<TransportNode>(trial);
    std::vector<Pending> owed;
    for (int n = 0; n < 20; ++n) owed.push_back(node->send(silent.endpoint(), request("hello")));
    trial.in_time("the destructor", kToStop, [&] { node.reset(); });
    for (const auto& each : owed) {
        expect(each->reported(),
               "the destructor returns before OnResponse was called for a request");
    }
}

// Two nodes from start to end.
void live(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    (void)sender.ask(receiver.endpoint());
    sender.stop();
    receiver.stop();
}

void ends_threads(Trial& trial) {
    live(trial);
    const auto before = threads_now();
    for (int round = 0; round < 5; ++round) live(trial);
    expect(trial.eventually("stop", Milliseconds(1000),
                            [&] { return threads_now().size() <= before.size(); }),
           "threads of the plugin run on after stop() and destructor");
}

// A transport that is stopped, but not destroyed yet, has no threads either.
void stop_ends_threads(Trial& trial) {
    live(trial);
    const auto before = threads_now();
    TransportNode receiver(trial), sender(trial);
    (void)sender.ask(receiver.endpoint());
    sender.stop();
    receiver.stop();
    expect(trial.eventually("stop", Milliseconds(1000),
                            [&] { return threads_now().size() <= before.size(); }),
           "threads of the plugin run on after stop()");
}

void closes_descriptors(Trial& trial) {
    live(trial);
    const auto before = descriptors_now();
    for (int round = 0; round < 5; ++round) live(trial);
    const auto now = descriptors_now();
    expect(now.size() <= before.size(),
           "descriptors are open after stop() and destructor: " + added(before, now));
}

void starts_in_another_thread(Trial& trial) {
    auto node = trial.make_transport();
    std::string fault;
    std::thread([&] {
        CaseInbox inbox(trial, echo);
        try {
            trial.report().step("start in another thread");
            const auto endpoint = node->start(inbox);
            auto outcome = std::make_shared<Outcome>(trial);
            node->send(endpoint, request("hello"), kWaitLimit,
                       [outcome](Response response) { outcome->report(std::move(response)); });
            const auto response = outcome->await(kWaitLimit);
            if (response.kind != Response::Kind::ok)
                fault = "a request is reported as " + in_words(response);
            trial.report().step("stop");
            node->stop();
        } catch (const Failed& failed) {
            fault = failed.reason;
        } catch (const std::exception& error) {
            fault = error.what();
        }
        node.reset();
    }).join();
    expect(fault.empty(), "in a thread other than the factory's: " + fault);
}

void inherits_nothing(Trial& trial) {
    const auto before = inheritable_now();
    TransportNode receiver(trial), sender(trial);
    (void)sender.ask(receiver.endpoint());
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
    expect(io::children_now().empty(), "a child process is left after stop() and destructor");
}

void prints_nothing(Trial& trial) {
    const CapturedOutput output;
    {
        FalsePeer refusing(FalsePeer::Mode::refusing);
        TransportNode receiver(trial), sender(trial);
        (void)sender.ask(receiver.endpoint());
        (void)sender.send(refusing.endpoint(), request("hello"))->await();
    }
    const auto text = output.text();
    expect(text.empty(), "the plugin writes to standard output or error: " + text);
}

void abilities_stay_the_same(Trial& trial) {
    const auto unstarted = trial.make_transport();
    const bool limits = unstarted->keeps_limits(), tls = unstarted->can_authenticate();
    TransportNode node(trial);
    expect(node.object().keeps_limits() == limits && node.object().can_authenticate() == tls,
           "keeps_limits or can_authenticate returns another value after start");
}

constexpr Case kCases[] = {
    {"start", "factory", "start with port 0 returns the real endpoint.", starts},
    {"start_is_reached", "start", "Another instance reaches the endpoint that start returned.",
     is_reached_where_it_says},
    {"start_names_taken_address", "start",
     "If the address is in use, start throws an Error (code os) that names it.",
     names_a_taken_address},
    {"start_names_foreign_address", "start",
     "If the address is not of this host, start throws an Error (code os) that names it.",
     names_a_foreign_address},
    {"start_fails_cleanly", "start_names_taken_address",
     "After a start that failed, stop and destructor work.", is_destroyed_after_a_failure},
    {"start_on_name", "start_is_reached", "It listens on a host name.", listens_on_a_name},
    {"start_on_ipv6", "start_is_reached", "It listens on an IPv6 address.", listens_on_ipv6},
    {"start_sending", "start_is_reached",
     "start_sending works without listening, or throws an Error (code refused).",
     sends_without_listening},
    {"start_in_other_thread", "start", "start and stop work in another thread than the factory's.",
     starts_in_another_thread},
    {"stop_unstarted", "factory", "stop before start does nothing.", stops_unstarted},
    {"stop_twice", "start", "A second stop does nothing.", stops_twice},
    {"stop_in_time", "start_is_reached", "stop returns within 2 s.", stops_in_time},
    {"stop_frees_address", "start_is_reached",
     "After stop another instance can start at the same address.", frees_its_address},
    {"stop_listens_no_more", "start", "After stop no connection is accepted.", listens_no_more},
    {"stop_ends_threads", "start_is_reached", "stop joins all threads.", stop_ends_threads},
    {"destructor_stops", "start",
     "The destructor stops it: each OnResponse that was not called yet is called before it "
     "returns.",
     destructor_stops},
    {"ends_threads", "start_is_reached", "No thread of the plugin runs after the destructor.",
     ends_threads},
    {"ends_descriptors", "start_is_reached", "No descriptor is open after the destructor.",
     closes_descriptors},
    {"ends_children", "start_is_reached", "No child process is left after the destructor.",
     leaves_no_child},
    {"inherits_nothing", "start_is_reached",
     "Each descriptor has O_CLOEXEC: children of the daemon inherit none.", inherits_nothing},
    {"leaves_signals", "start_is_reached", "No call changes how a signal is handled.",
     leaves_signals},
    {"prints_nothing", "start_is_reached", "No call writes to standard output or standard error.",
     prints_nothing},
    {"abilities_stay", "start", "keeps_limits and can_authenticate always return the same value.",
     abilities_stay_the_same},
};

}  // namespace

std::span<const Case> transport_starts() { return kCases; }

}  // namespace electiond::kit
