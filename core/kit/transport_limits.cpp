// Cases of a transport that says it keeps the limits of the host (keeps_limits).
#include <algorithm>

#include "kit/stranger.h"
#include "kit/transport_node.h"

namespace electiond::kit {
namespace {

using Kind = Response::Kind;

constexpr std::size_t kWide = std::size_t{1} << 20;

void keeps_limits(Trial& trial) {
    if (!trial.make_transport()->keeps_limits()) throw Skipped{"it keeps no limits"};
}

Request big() { return request("hello", std::string(kWide - 1024, 'x')); }

void takes_wide_bodies(Trial& trial) {
    const Setup wide{.limits = {.body_bytes = kWide}};
    TransportNode receiver(trial, echo, wide), sender(trial, echo, wide);
    (void)sender.ask(receiver.endpoint(), big());
}

void refuses_wide_bodies(Trial& trial) {
    TransportNode receiver(trial);
    TransportNode sender(trial, echo, {.limits = {.body_bytes = kWide}});
    const auto response = sender.send(receiver.endpoint(), big())->await(kWaitLimit);
    expect(response.kind != Kind::ok && receiver.delivered() == 0,
           "a body of 1 MiB passes a receiver with body_bytes of 64 KiB");
    (void)sender.ask(receiver.endpoint());
}

void refuses_to_send_wide_bodies(Trial& trial) {
    TransportNode receiver(trial, echo, {.limits = {.body_bytes = kWide}});
    TransportNode sender(trial);
    const auto response = sender.send(receiver.endpoint(), big())->await(kWaitLimit);
    expect(response.kind == Kind::unreachable,
           "a body of 1 MiB that is sent with body_bytes of 64 KiB is reported as " +
               in_words(response) + " instead of unreachable");
}

void takes_new_limits(Trial& trial) {
    TransportNode receiver(trial);
    TransportNode sender(trial, echo, {.limits = {.body_bytes = kWide}});
    const auto passes = [&] {
        return sender.send(receiver.endpoint(), big())->await(kWaitLimit).kind == Kind::ok;
    };
    trial.report().step("set_limits");
    receiver.object().set_limits({.body_bytes = kWide});
    expect(trial.eventually("send", kWaitLimit, passes),
           "after set_limits with a larger body_bytes, a body of 1 MiB is still refused");
    trial.report().step("set_limits");
    receiver.object().set_limits({});
    expect(trial.eventually("send", kWaitLimit, [&] { return !passes(); }),
           "after set_limits with a smaller body_bytes, a body of 1 MiB still passes");
    expect(sender.reaches(receiver.endpoint()), "after set_limits no request gets through");
}

void responds_busy(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler(), {.limits = {.waiting_requests = 1}});
    TransportNode sender(trial);
    const auto first = sender.send(receiver.endpoint(), request("hello"));
    const auto kept = held.take();
    const auto response = sender.send(receiver.endpoint(), request("hello"))->await(kWaitLimit);
    expect(response.kind == Kind::busy,
           "with a waiting_requests of 1, a second request is reported as " + in_words(response) +
               " instead of busy");
    kept.second({Kind::ok, "{}"});
    (void)first->await();
    const auto next = sender.send(receiver.endpoint(), request("hello"));
    held.take().second({Kind::ok, "{}"});
    expect(next->await().kind == Kind::ok,
           "a request that has its response still counts for waiting_requests");
}

void serves_beside_strangers(Trial& trial) {
    TransportNode receiver(trial, echo, {.limits = {.connections = 20}});
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 80; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver.endpoint()));
    }
    TransportNode sender(trial);
    expect(sender.reaches(receiver.endpoint()),
           "idle connections of strangers use all connections, and no peer gets through");
}

void closes_many(Trial& trial) {
    TransportNode receiver(trial, echo, {.limits = {.connections = 20}});
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 60; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver.endpoint()));
    }
    const auto closed = [&] {
        return std::ranges::count_if(strangers, [](const auto& each) {
            return each->hear_all(Milliseconds(10)).has_value();
        });
    };
    expect(trial.eventually("more connections than allowed", kWaitLimit,
                            [&] { return closed() >= 40; }),
           "with a limit of 20 connections, more stay open");
}

void closes_slow_ones(Trial& trial) {
    TransportNode receiver(trial, echo, {.limits = {.request_time = Milliseconds(300)}});
    Stranger stranger(receiver.endpoint());
    (void)stranger.say(std::string_view("P", 1));
    expect(stranger.hear_all(Milliseconds(300) + 2 * kTolerance).has_value(),
           "with a request_time of 0.3 s, a connection whose message never ends stays open");
}

void closes_idle_ones(Trial& trial) {
    TransportNode receiver(trial, echo, {.limits = {.idle_time = Milliseconds(300)}});
    Stranger stranger(receiver.endpoint());
    expect(stranger.hear_all(Milliseconds(300) + 2 * kTolerance).has_value(),
           "with an idle_time of 0.3 s, an idle connection stays open");
}

constexpr Case kCases[] = {
    {"limits", "send", "It keeps the limits of the host (a transport need not do this).",
     keeps_limits},
    {"limits_take_bodies", "limits", "Bodies up to body_bytes are carried.", takes_wide_bodies},
    {"limits_refuse_bodies", "limits", "Bodies longer than body_bytes are never delivered.",
     refuses_wide_bodies},
    {"limits_of_sender", "limits",
     "A request with a body longer than body_bytes is reported as unreachable.",
     refuses_to_send_wide_bodies},
    {"limits_change", "limits",
     "New limits of set_limits apply to the requests that come afterwards.", takes_new_limits},
    {"limits_waiting", "limits", "If waiting_requests is reached, further requests get busy.",
     responds_busy},
    {"limits_connections", "limits", "No more connections than allowed stay open.", closes_many},
    {"limits_strangers", "limits", "If strangers use all connections, a peer still gets through.",
     serves_beside_strangers},
    {"limits_request_time", "limits",
     "A connection whose message takes longer than request_time is closed.", closes_slow_ones},
    {"limits_idle_time", "limits", "A connection without requests is closed after idle_time.",
     closes_idle_ones},
};

}  // namespace

std::span<const Case> transport_limits() { return kCases; }

}  // namespace electiond::kit
