// Cases of a transport: peers that are dead, silent or late, strangers, and a stop in the middle.
#include <algorithm>
#include <atomic>
#include <random>

#include "kit/stranger.h"
#include "kit/transport_node.h"

namespace electiond::kit {
namespace {

using Kind = Response::Kind;

bool is_senders_own(const Response& response) {
    return response.kind == Kind::unreachable || response.kind == Kind::timed_out;
}

void expect_no_response(const Response& response, const std::string& of_whom) {
    expect(is_senders_own(response), "a request to " + of_whom + " is reported as " +
                                         in_words(response) +
                                         " instead of timed_out or unreachable");
}

void reports_silence(Trial& trial) {
    constexpr Milliseconds kTimeout{200};
    FalsePeer silent;
    TransportNode sender(trial);
    for (int n = 0; n < 5; ++n) {
        const auto pending = sender.send(silent.endpoint(), request("hello"), kTimeout);
        const auto response = pending->await();
        expect_no_response(response, "a peer that never responds");
        expect(response.kind != Kind::timed_out || pending->taken() >= kTimeout,
               "timed_out is reported after " + in_words(pending->taken()) +
                   ", before the timeout of 0.2 s");
        expect(pending->taken() <= kTimeout + kTolerance,
               "a request to a peer that never responds is reported after " +
                   in_words(pending->taken()) + "; its timeout is 0.2 s");
    }
}

void reports_a_closed_port(Trial& trial) {
    FalsePeer refusing(FalsePeer::Mode::refusing);
    TransportNode sender(trial);
    for (int n = 0; n < 5; ++n) {
        const auto pending = sender.send(refusing.endpoint(), request("hello"), Milliseconds(1000));
        const auto response = pending->await();
        expect_no_response(response, "a port that nobody listens on");
        expect(pending->taken() <= Milliseconds(1000) + kTolerance,
               "a request to a port that nobody listens on is reported after " +
                   in_words(pending->taken()) + "; its timeout is 1 s");
    }
}

void gives_reasons(Trial& trial) {
    FalsePeer refusing(FalsePeer::Mode::refusing);
    TransportNode sender(trial);
    const auto response =
        sender.send(refusing.endpoint(), request("hello"), Milliseconds(1000))->await();
    expect_no_response(response, "a port that nobody listens on");
    expect(!response.body.empty(),
           "a failed request is reported without a reason: its Response has an empty body");
}

void reports_an_unknown_name(Trial& trial) {
    TransportNode sender(trial);
    for (int n = 0; n < 3; ++n) {
        const auto pending =
            sender.send({"no-such-host.invalid", 1}, request("hello"), Milliseconds(1000));
        expect_no_response(pending->await(Milliseconds(1000)), "a name that does not exist");
        expect(pending->taken() <= Milliseconds(1000) + kTolerance,
               "a request to a name that does not exist is reported after " +
                   in_words(pending->taken()) + "; its timeout is 1 s");
    }
}

void reports_odd_endpoints(Trial& trial) {
    TransportNode sender(trial);
    for (const auto& to : {Endpoint{"", 1}, Endpoint{"127.0.0.1", 0}, Endpoint{"a b", 1},
                           Endpoint{"::1%nosuch0", 1}, Endpoint{std::string(300, 'x'), 1}}) {
        const auto response =
            sender.send(to, request("hello"), Milliseconds(500))->await(Milliseconds(500));
        expect_no_response(response,
                           "the invalid endpoint \"" + to.to_string().substr(0, 60) + "\"");
    }
}

void keeps_short_timeouts(Trial& trial) {
    FalsePeer silent;
    TransportNode receiver(trial), sender(trial);
    std::vector<Pending> all;
    for (int n = 0; n < 50; ++n) {
        const auto timeout = Milliseconds(n % 3);
        all.push_back(sender.send(silent.endpoint(), request("hello"), timeout));
        all.push_back(sender.send(receiver.endpoint(), request("hello"), timeout));
    }
    for (const auto& each : all) (void)each->await();
    expect(sender.reaches(receiver.endpoint()), "after timeouts of 0 to 2 ms nothing gets through");
}

void never_blocks(Trial& trial) {
    FalsePeer silent;
    TransportNode sender(trial);
    Clock::duration longest{};
    std::vector<Pending> all;
    for (int n = 0; n < 500; ++n) {
        const auto begun = Clock::now();
        all.push_back(sender.send(silent.endpoint(), request("hello", std::string(60'000, 'x')),
                                  Milliseconds(1500)));
        all.push_back(
            sender.send({"no-such-host.invalid", 1}, request("hello"), Milliseconds(1500)));
        longest = std::max(longest, Clock::now() - begun);
    }
    expect(longest < Milliseconds(500),
           "send blocks for " + in_words(longest) + " if a peer does not read");
    for (const auto& each : all) (void)each->await(Milliseconds(1500));
}

void silence_delays_nobody(Trial& trial) {
    FalsePeer silent;
    TransportNode receiver(trial), sender(trial);
    std::vector<Pending> waiting;
    for (int n = 0; n < 50; ++n) {
        waiting.push_back(sender.send(silent.endpoint(), request("heartbeat")));
    }
    for (int n = 0; n < 20; ++n) {
        const auto pending = sender.send(receiver.endpoint(), request("heartbeat"));
        const auto response = pending->await();
        expect(response.kind == Kind::ok && pending->taken() < Milliseconds(500) + kTolerance,
               "with a silent peer, a request to another one is reported as " + in_words(response) +
                   " after " + in_words(pending->taken()));
    }
}

void the_dead_delay_nobody(Trial& trial) {
    FalsePeer refusing(FalsePeer::Mode::refusing);
    TransportNode receiver(trial), sender(trial);
    std::vector<Pending> lost;
    for (int n = 1; n <= 30; ++n) {
        const auto last = std::to_string(n);
        lost.push_back(
            sender.send({"192.0.2." + last, 7401}, request("heartbeat"), Milliseconds(2000)));
        lost.push_back(sender.send({"host-" + last + ".invalid", 1}, request("heartbeat"),
                                   Milliseconds(2000)));
        lost.push_back(sender.send(refusing.endpoint(), request("heartbeat"), Milliseconds(2000)));
    }
    const auto pending = sender.send(receiver.endpoint(), request("heartbeat"));
    const auto response = pending->await();
    expect(response.kind == Kind::ok && pending->taken() < Milliseconds(500) + kTolerance,
           "with 60 dead peers, a request to a living one is reported as " + in_words(response) +
               " after " + in_words(pending->taken()));
    for (const auto& each : lost) (void)each->await(Milliseconds(2000));
}

void stop_reports_all(Trial& trial) {
    FalsePeer silent;
    TransportNode sender(trial);
    std::vector<Pending> owed;
    for (int n = 0; n < 50; ++n) owed.push_back(sender.send(silent.endpoint(), request("hello")));
    trial.in_time("stop with requests under way", Milliseconds(2000), [&] { sender.stop(); });
    for (const auto& each : owed) {
        expect(each->reported(), "stop() returns before OnResponse was called for a request");
        expect(each->await().kind != Kind::ok,
               "stop() reports ok for a request that got no response");
    }
}

void stops_under_traffic(Trial& trial) {
    for (int round = 0; round < 8; ++round) {
        TransportNode receiver(trial), sender(trial);
        std::vector<Pending> all;
        for (int n = 0; n < 60; ++n) {
            all.push_back(sender.send(receiver.endpoint(), request("hello")));
        }
        trial.in_time("stop under traffic", Milliseconds(2000), [&] {
            if (round % 2 == 0) receiver.stop();
            sender.stop();
        });
        for (const auto& each : all) {
            expect(each->reported(), "stop() returns before OnResponse was called for a request");
        }
    }
}

void stops_while_responses_are_owed(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    std::vector<Pending> all;
    for (int n = 0; n < 20; ++n) all.push_back(sender.send(receiver.endpoint(), request("hello")));
    auto kept = held.take();
    trial.in_time("stop while requests have no response yet", Milliseconds(2000),
                  [&] { receiver.stop(); });
    kept.second({Kind::ok, "{}"});
    sender.stop();
    for (const auto& each : all) {
        expect(each->reported(), "stop() returns before OnResponse was called for a request");
    }
}

void reaches_a_restarted_peer(Trial& trial) {
    auto receiver = std::make_unique<TransportNode>(trial);
    const auto endpoint = receiver->endpoint();
    TransportNode sender(trial);
    for (int round = 0; round < 3; ++round) {
        expect(sender.reaches(endpoint), "a restarted peer is not reached again");
        receiver.reset();
        receiver =
            std::make_unique<TransportNode>(trial, echo, Setup{.listen = endpoint.to_string()});
    }
}

void reaches_a_late_peer(Trial& trial) {
    auto receiver = std::make_unique<TransportNode>(trial);
    const auto endpoint = receiver->endpoint();
    receiver.reset();
    TransportNode sender(trial);
    for (int n = 0; n < 5; ++n) {
        (void)sender.send(endpoint, request("hello"), Milliseconds(200))->await();
    }
    receiver = std::make_unique<TransportNode>(trial, echo, Setup{.listen = endpoint.to_string()});
    expect(sender.reaches(endpoint),
           "a peer that starts after the first requests to it is not reached");
}

void refreshes(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 20; ++n) {
        trial.report().step("refresh");
        sender.object().refresh(receiver.endpoint());
        sender.object().refresh({"localhost", receiver.endpoint().port});
        sender.object().refresh({"never-seen.invalid", 1});
        (void)sender.ask(receiver.endpoint());
    }
    require_localhost();
    expect(sender.reaches({"localhost", receiver.endpoint().port}),
           "a peer is not reached by its name after refresh");
}

void takes_limits_and_files(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    const bool limits = receiver.object().keeps_limits();
    const bool tls = receiver.object().can_authenticate();
    if (!limits && !tls) throw Skipped{"it neither keeps limits nor can authenticate"};
    trial.report().step("set_limits");
    if (limits) receiver.object().set_limits(Limits{});
    if (limits) sender.object().set_limits(Limits{});
    if (tls) trial.call("reload_tls", [&] { receiver.object().reload_tls(); });
    (void)sender.ask(receiver.endpoint());
}

std::string random_bytes(std::mt19937& random, std::size_t most) {
    std::string bytes(1 + random() % most, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

void survives_any_bytes(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial), sender(trial);
    std::mt19937 random(7);
    for (int round = 0; round < 150; ++round) {
        trial.report().step("any bytes from a stranger");
        auto bytes = random_bytes(random, 3000);
        if (round % 3 == 1) bytes.insert(0, "POST /hello HTTP/1.1\r\nHost: x\r\n");
        if (round % 3 == 2) bytes.insert(0, std::string("\0\0\0\x40", 4));
        Stranger stranger(receiver.endpoint());
        (void)stranger.say(bytes);
        stranger.end();
        if (round % 10 == 0) (void)stranger.hear_all(Milliseconds(300));
    }
    (void)sender.ask(receiver.endpoint());
}

void survives_half_messages(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 100; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver.endpoint()));
        if (n % 2 == 0) (void)strangers.back()->say(n % 4 == 0 ? "P" : std::string_view("\0", 1));
    }
    for (int n = 0; n < 5; ++n) {
        const auto pending = sender.send(receiver.endpoint(), request("hello"));
        const auto response = pending->await();
        expect(response.kind == Kind::ok && pending->taken() < Milliseconds(1000) + kTolerance,
               "with 100 connections that send no complete message, a request is reported as " +
                   in_words(response) + " after " + in_words(pending->taken()));
    }
}

void survives_short_connections(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 300; ++n) {
        trial.report().step("connections that are closed at once");
        const Stranger stranger(receiver.endpoint());
    }
    (void)sender.ask(receiver.endpoint());
    expect(receiver.delivered() == 1, "a connection without a message is delivered as a request");
}

void survives_any_response(Trial& trial) {
    std::atomic<unsigned> seed = 11;
    FalsePeer liar;
    liar.respond_with([&](const std::string&) {
        std::mt19937 random(++seed);
        return random_bytes(random, 3000);
    });
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 20; ++n) {
        const auto response =
            sender.send(liar.endpoint(), request("hello"), Milliseconds(500))->await();
        expect(response.kind != Kind::ok,
               "random bytes count as a response: " + in_words(response));
    }
    (void)sender.ask(receiver.endpoint());
}

void survives_silent_closing(Trial& trial) {
    FalsePeer closing;
    closing.respond_with([](const std::string&) { return std::string(); });
    TransportNode sender(trial);
    for (int n = 0; n < 20; ++n) {
        const auto response =
            sender
                .send(closing.endpoint(), request("hello", std::string(60'000, 'x')),
                      Milliseconds(500))
                ->await();
        expect_no_response(response, "a peer that closes without a response");
    }
}

void logs_lines(Trial& trial) {
    survives_any_bytes(trial);
    const auto lines = trial.logged();
    const auto fault = odd_line(lines);
    expect(fault.empty(), "the plugin logs " + fault);
    const auto loud = std::ranges::count_if(
        lines, [](const LogLine& line) { return line.level != LogLevel::debug; });
    expect(loud <= 30, "150 strangers make the plugin log " + std::to_string(loud) +
                           " lines; once a minute for each kind of fault is enough");
}

constexpr Case kCases[] = {
    {"timeout", "send",
     "A request to a peer that never responds is reported when its timeout is over.",
     reports_silence},
    {"timeout_short", "send", "Requests with a timeout of 0 to 2 ms are reported like any other.",
     keeps_short_timeouts},
    {"unreachable", "send",
     "A request to a port without a listener is reported within its timeout.",
     reports_a_closed_port},
    {"unreachable_reason", "unreachable", "A failed request is reported with a reason in words.",
     gives_reasons},
    {"unreachable_name", "send",
     "A request to a host name that does not exist is reported within its timeout.",
     reports_an_unknown_name},
    {"unreachable_oddly", "send", "A request to an invalid endpoint is reported as failed.",
     reports_odd_endpoints},
    {"send_never_blocks", "send", "send returns at once, also if a peer does not read.",
     never_blocks},
    {"silent_peer_alone", "timeout", "A silent peer delays no other peer.", silence_delays_nobody},
    {"dead_peers_alone", "unreachable", "Dead peers and unknown names delay no other peer.",
     the_dead_delay_nobody},
    {"stop_reports_all", "timeout",
     "stop returns within 2 s; each OnResponse that was not called yet is called before.",
     stop_reports_all},
    {"stop_under_traffic", "send", "stop works under traffic, whichever side stops first.",
     stops_under_traffic},
    {"stop_before_responses", "send", "stop works while delivered requests have no response yet.",
     stops_while_responses_are_owed},
    {"restarted_peer", "stop_frees_address", "A restarted peer is reached again.",
     reaches_a_restarted_peer},
    {"late_peer", "stop_frees_address",
     "A peer that starts after the first requests to it is reached.", reaches_a_late_peer},
    {"refresh", "send", "refresh of known and unknown addresses does no harm.", refreshes},
    {"reload", "send", "set_limits and reload_tls without a change do no harm.",
     takes_limits_and_files},
    {"stranger_any_bytes", "send", "Any bytes from a stranger do no harm.", survives_any_bytes},
    {"stranger_half_message", "send", "Connections that send no complete message delay no request.",
     survives_half_messages},
    {"stranger_short", "send", "Connections that are closed at once do no harm.",
     survives_short_connections},
    {"stranger_responds", "send",
     "Random bytes from a peer do not count as a response, and do no harm.", survives_any_response},
    {"stranger_closes", "send",
     "If a peer closes without a response, the request is reported as failed.",
     survives_silent_closing},
    {"logs_little", "stranger_any_bytes",
     "It logs single lines, and for 150 strangers at most 30 lines above level debug.", logs_lines},
};

}  // namespace

std::span<const Case> transport_troubles() { return kCases; }

}  // namespace electiond::kit
