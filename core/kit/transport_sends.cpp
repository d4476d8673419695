// Cases of a transport: requests, their responses, and that each is reported exactly once.
#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "kit/process.h"
#include "kit/stranger.h"
#include "kit/transport_node.h"

namespace electiond::kit {
namespace {

using Kind = Response::Kind;

constexpr int kManyRequests = 2000;
constexpr std::chrono::seconds kBudget{8};  // for many requests; a slow plugin sends fewer

void carries(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    const auto pending = sender.send(receiver.endpoint(), request("vote-request", R"({"term":7})"));
    const auto [arrived, respond] = held.take();
    respond({Kind::ok, R"({"term":8})"});
    const auto response = pending->await();
    expect(arrived.name == "vote-request",
           "the request vote-request arrives as \"" + arrived.name + "\"");
    expect(arrived.body == R"({"term":7})", "a body arrives changed: " + arrived.body);
    expect(response.kind == Kind::ok && response.body == R"({"term":8})",
           "a response arrives changed: " + in_words(response));
}

void carries_names(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    for (const auto& name : {std::string("hello"), std::string("a"), std::string("claim-2"),
                             std::string("status_of"), std::string(64, 'n')}) {
        const auto pending = sender.send(receiver.endpoint(), request(name));
        const auto [arrived, respond] = held.take();
        respond({Kind::ok, "{}"});
        (void)pending->await();
        expect(arrived.name == name,
               "the request " + name + " arrives as \"" + arrived.name + "\"");
    }
}

// Whatever a name means in the transport's own format, it must not become another request.
void mangles_no_name(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    for (const auto& name : {std::string(), std::string("a b"), std::string("a\r\nb: c"),
                             std::string("a/b"), std::string(1000, 'n')}) {
        const auto pending = sender.send(receiver.endpoint(), request(name), Milliseconds(500));
        (void)trial.eventually("send", Milliseconds(1000),
                               [&] { return pending->reported() || held.size() > 0; });
        if (held.size() == 0) {
            (void)pending->await();
            continue;
        }
        const auto [arrived, respond] = held.take();
        respond({Kind::ok, "{}"});
        expect(arrived.name == name,
               "a request with an odd name arrives under another name: \"" + arrived.name + "\"");
    }
    const auto pending = sender.send(receiver.endpoint(), request("hello"));
    held.take().second({Kind::ok, "{}"});
    expect(pending->await().kind == Kind::ok,
           "after requests with odd names, a usual request gets no response");
}

void carries_empty_bodies(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    const auto response = sender.ask(receiver.endpoint(), request("hello", ""));
    expect(response.body.empty(), "an empty body comes back as " + in_words(response));
}

void carries_any_text(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (const std::string body :
         {"{\"a\": \"\\u0000 \xc3\xa4\xe2\x82\xac\xf0\x9f\x91\x8d\"}", "\r\n\r\n{}\r\n",
          "GET / HTTP/1.1\r\n\r\n", "not JSON at all", "   ", "\x01\x02\xff\xfe"}) {
        const auto response = sender.ask(receiver.endpoint(), request("hello", body));
        expect(response.body == body, "a body comes back changed: " + in_words(response));
    }
}

void carries_large_bodies(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (const std::size_t size : {std::size_t{1000}, std::size_t{10'000}, std::size_t{65'536}}) {
        const std::string body(size, 'x');
        const auto response = sender.ask(receiver.endpoint(), request("hello", body));
        expect(response.body == body, "a body of " + std::to_string(size) +
                                          " bytes comes back with " +
                                          std::to_string(response.body.size()));
    }
}

void reports_huge_bodies(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    (void)sender
        .send(receiver.endpoint(), request("hello", std::string(std::size_t{16} << 20, 'x')),
              Milliseconds(3000))
        ->await(Milliseconds(3000));
    (void)sender.ask(receiver.endpoint());
}

void carries_kinds(Trial& trial) {
    const std::map<std::string, Kind> kinds = {
        {"ok", Kind::ok}, {"bad", Kind::malformed}, {"odd", Kind::unknown}, {"later", Kind::busy}};
    TransportNode receiver(trial, [&](const Request& what, const Respond& respond) {
        const auto found = kinds.find(what.name);
        if (found != kinds.end()) respond({found->second, "body of " + what.name});
    });
    TransportNode sender(trial);
    for (const auto& [name, kind] : kinds) {
        const auto response = sender.send(receiver.endpoint(), request(name))->await(kWaitLimit);
        expect(response.kind == kind, "the response " + in_words(Response{kind, ""}) +
                                          " arrives as " + in_words(response));
        expect(response.body == "body of " + name,
               "the body of a response arrives changed: " + in_words(response));
    }
}

void carries_lanes(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    for (const auto lane : {Lane::query, Lane::election, Lane::query}) {
        for (const std::string name : {"status", "vote-request"}) {
            const auto pending = sender.send(receiver.endpoint(), request(name, "{}", lane));
            const auto [arrived, respond] = held.take();
            respond({Kind::ok, "{}"});
            (void)pending->await();
            expect(arrived.lane == lane,
                   name + " is delivered in another lane than the one of its sender");
        }
    }
}

void names_the_source(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    const auto pending = sender.send(receiver.endpoint(), request("hello"));
    const auto [arrived, respond] = held.take();
    respond({Kind::ok, "{}"});
    (void)pending->await();
    expect(arrived.source.empty() || Endpoint::parse(arrived.source),
           "the source of a request is neither empty nor ip:port: " + arrived.source);
}

void proves_nothing(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    const auto pending = sender.send(receiver.endpoint(), request("hello"));
    const auto [arrived, respond] = held.take();
    respond({.kind = Kind::ok, .body = "{}", .verified_names = {"URI:electiond://kit/2"}});
    const auto response = pending->await();
    expect(arrived.verified_names.empty() && response.verified_names.empty(),
           "without TLS verified_names is not empty");
}

// Node never sets these fields: a sender that could set them could pretend to be any node.
void believes_no_sender(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    auto forged = request("hello");
    forged.source = "10.9.8.7:1";
    forged.verified_names = {"URI:electiond://kit/2"};
    const auto pending = sender.send(receiver.endpoint(), forged);
    const auto [arrived, respond] = held.take();
    respond({Kind::ok, "{}"});
    (void)pending->await();
    expect(arrived.verified_names.empty(),
           "verified_names are taken from the Request of the sender");
    expect(arrived.source != forged.source, "source is taken from the Request of the sender");
}

void responds_later(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler()), sender(trial);
    const auto first = sender.send(receiver.endpoint(), request("hello", "1"));
    const auto second = sender.send(receiver.endpoint(), request("hello", "2"));
    auto one = held.take(), other = held.take();
    if (one.first.body != "1") std::swap(one, other);
    std::thread([&] { other.second({Kind::ok, "to 2"}); }).join();
    expect(second->await().body == "to 2",
           "a response waits for the response to an earlier request");
    std::thread([&] { one.second({Kind::ok, "to 1"}); }).join();
    expect(first->await().body == "to 1", "two responses are mixed up");
}

void responds_busy_uncalled(Trial& trial) {
    TransportNode receiver(trial, [](const Request&, const Respond&) {});
    TransportNode sender(trial);
    const auto response = sender.send(receiver.endpoint(), request("hello"))->await(kWaitLimit);
    expect(response.kind == Kind::busy, "a Respond that was destroyed without a call responds " +
                                            in_words(response) + " instead of busy");
}

void responds_once(Trial& trial) {
    TransportNode receiver(trial, [](const Request&, const Respond& respond) {
        respond({Kind::ok, "first"});
        respond({Kind::busy, "second"});
    });
    TransportNode sender(trial);
    for (int n = 0; n < 5; ++n) {
        const auto response = sender.ask(receiver.endpoint());
        expect(response.body == "first",
               "of two calls of one Respond the second counts: " + in_words(response));
    }
}

void takes_responses_after_stop(Trial& trial) {
    HeldRequests held;
    auto receiver = std::make_unique<TransportNode>(trial, held.handler());
    TransportNode sender(trial);
    const auto pending = sender.send(receiver->endpoint(), request("hello"), Milliseconds(1500));
    const auto kept = held.take();
    receiver.reset();
    trial.report().step("Respond after the destructor");
    kept.second({Kind::ok, "too late"});
    expect(pending->await(Milliseconds(1500)).kind != Kind::ok,
           "a response arrives although its transport was destroyed before");
}

void reports_once(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 200; ++n) (void)sender.ask(receiver.endpoint());
    sender.stop();  // a second or late report is noted
}

void carries_many_at_once(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    std::vector<Pending> all;
    for (int n = 0; n < 100; ++n) {
        all.push_back(sender.send(receiver.endpoint(), request("hello", std::to_string(n))));
    }
    for (std::size_t n = 0; n < all.size(); ++n) {
        const auto response = all[n]->await(kWaitLimit);
        expect(response.kind == Kind::ok,
               "of 100 requests at once one is reported as " + in_words(response));
        expect(response.body == std::to_string(n),
               "a request gets the response of another one: " + response.body);
    }
}

void carries_many_in_turn(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    const auto deadline = Clock::now() + kBudget;
    for (int n = 0; n < kManyRequests && Clock::now() < deadline; ++n) {
        const auto body = std::to_string(n);
        const auto response = sender.ask(receiver.endpoint(), request("heartbeat", body));
        expect(response.body == body,
               "request " + body + " gets the response " + in_words(response));
    }
}

// It may drop some of them, but not silently.
void reports_a_flood(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    std::vector<Pending> all;
    for (int n = 0; n < 3000; ++n) {
        all.push_back(sender.send(receiver.endpoint(), request("hello"), Milliseconds(2000)));
    }
    for (const auto& each : all) (void)each->await(Milliseconds(2000));
    expect(sender.reaches(receiver.endpoint()), "after 3000 requests at once none gets through");
}

void sends_from_threads(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    std::atomic<int> responses = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&] {
                try {
                    for (int n = 0; n < 50; ++n) {
                        (void)sender.ask(receiver.endpoint());
                        ++responses;
                    }
                } catch (const Failed& failed) {
                    trial.note_fault("with four sending threads: " + failed.reason);
                }
            });
        }
    }
    expect(responses == 200 || !trial.noted_fault().empty(), "requests of four threads get lost");
}

void sends_from_a_response(Trial& trial) {
    const auto last = std::make_shared<Outcome>(trial);
    std::atomic<int> left = 20;
    std::function<void(Response)> next;
    TransportNode receiver(trial), sender(trial);
    next = [&](Response response) {
        if (--left == 0) return last->report(std::move(response));
        sender.object().send(receiver.endpoint(), request("hello"), kWaitLimit, next);
    };
    sender.object().send(receiver.endpoint(), request("hello"), kWaitLimit, next);
    expect(last->await(kWaitLimit).kind == Kind::ok,
           "a request that is sent by OnResponse is lost");
    sender.stop();
}

void sends_both_ways(Trial& trial) {
    TransportNode a(trial), b(trial);
    std::vector<Pending> all;
    for (int n = 0; n < 50; ++n) {
        all.push_back(a.send(b.endpoint(), request("heartbeat")));
        all.push_back(b.send(a.endpoint(), request("heartbeat")));
    }
    for (const auto& each : all) {
        const auto response = each->await(kWaitLimit);
        expect(response.kind == Kind::ok,
               "of two nodes that send to each other at once, one gets " + in_words(response) +
                   " instead of ok");
    }
}

void sends_to_itself(Trial& trial) {
    TransportNode node(trial);
    (void)node.ask(node.endpoint());
}

void sends_to_many(Trial& trial) {
    constexpr int kPeers = 12;
    std::vector<std::unique_ptr<TransportNode>> receivers;
    for (int n = 0; n < kPeers; ++n) receivers.push_back(std::make_unique<TransportNode>(trial));
    TransportNode sender(trial);
    for (int round = 0; round < 3; ++round) {
        std::vector<Pending> all;
        for (const auto& each : receivers) {
            all.push_back(sender.send(each->endpoint(), request("heartbeat")));
        }
        for (const auto& each : all) {
            const auto response = each->await(kWaitLimit);
            expect(response.kind == Kind::ok,
                   "a request to one of twelve peers is reported as " + in_words(response));
        }
    }
    for (const auto& each : receivers) {
        expect(each->delivered() == 3, "one of twelve peers gets the requests of another one");
    }
}

void reaches_a_name(Trial& trial) {
    require_localhost();
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 3; ++n) {
        (void)sender.ask({"localhost", receiver.endpoint().port});
    }
}

void queries_delay_nothing(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, [keep = held.handler()](Request what, Respond respond) {
        if (what.name == "status") return keep(std::move(what), std::move(respond));
        respond({Kind::ok, "{}"});
    });
    TransportNode sender(trial);
    std::vector<Pending> queries;
    for (int n = 0; n < 100; ++n) {
        queries.push_back(sender.send(receiver.endpoint(), request("status", "{}", Lane::query)));
    }
    (void)held.take();
    const auto election = sender.send(receiver.endpoint(), request("heartbeat"));
    const auto response = election->await(kWaitLimit);
    expect(response.kind == Kind::ok && election->taken() < Milliseconds(1000) + kTolerance,
           "with 100 queries that have no response yet, an election request is reported as " +
               in_words(response) + " after " + in_words(election->taken()));
}

void keeps_memory(Trial& trial) {
    constexpr std::size_t kMost = std::size_t{8} << 20;
    TransportNode receiver(trial), sender(trial);
    const auto send_many = [&](int most) {
        const auto deadline = Clock::now() + kBudget / 2;
        int sent = 0;
        for (; sent < most && Clock::now() < deadline; ++sent)
            (void)sender.ask(receiver.endpoint());
        return sent;
    };
    (void)send_many(300);
    const auto before = resident_bytes();
    const int sent = send_many(kManyRequests);
    const auto now = resident_bytes();
    expect(kSanitized || now <= before + kMost,
           "requests leak memory: " + std::to_string((now - before) / 1024) + " KiB after " +
               std::to_string(sent) + " requests");
}

void keeps_threads_and_descriptors(Trial& trial) {
    TransportNode receiver(trial), sender(trial);
    for (int n = 0; n < 20; ++n) (void)sender.ask(receiver.endpoint());
    const auto threads = threads_now().size();
    const auto descriptors = descriptors_now().size();
    for (int n = 0; n < 200; ++n) (void)sender.ask(receiver.endpoint());
    const auto settles = [&](const auto& now, std::size_t before) {
        return trial.eventually("send", Milliseconds(1000),
                                [&] { return now().size() <= before + 8; });
    };
    expect(settles(threads_now, threads), "requests leave threads running");
    expect(settles(descriptors_now, descriptors), "requests leave descriptors open");
}

constexpr Case kCases[] = {
    {"send", "start_is_reached", "A request arrives as it was sent, and so does its response.",
     carries},
    {"send_names", "send", "Names of 1 to 64 characters of a-z 0-9 _ - arrive unchanged.",
     carries_names},
    {"send_odd_names", "send",
     "A request whose name it cannot carry is reported, and never arrives under another name.",
     mangles_no_name},
    {"send_empty_bodies", "send", "Empty bodies arrive as empty bodies.", carries_empty_bodies},
    {"send_any_text", "send", "It does not look into bodies: any text arrives unchanged.",
     carries_any_text},
    {"send_large_bodies", "send", "Bodies of 64 KiB arrive, there and back.", carries_large_bodies},
    {"send_huge_bodies", "send",
     "A body of 16 MiB arrives or is reported as failed; the next request works.",
     reports_huge_bodies},
    {"send_in_lanes", "send", "A request is delivered in the lane that its sender chose.",
     carries_lanes},
    {"send_from_threads", "send", "Any thread may send.", sends_from_threads},
    {"send_from_response", "send", "An OnResponse may send.", sends_from_a_response},
    {"send_both_ways", "send", "Two nodes can send to each other at the same time.",
     sends_both_ways},
    {"send_to_itself", "send", "A node may send to its own endpoint.", sends_to_itself},
    {"send_to_many", "send", "Of requests to twelve peers each arrives at the right one.",
     sends_to_many},
    {"send_to_name", "send", "A peer is reached by its host name.", reaches_a_name},
    {"send_many_at_once", "send", "A hundred requests at once each get their own response.",
     carries_many_at_once},
    {"send_many_in_turn", "send", "2000 requests, one after the other, each get their response.",
     carries_many_in_turn},
    {"send_flood", "send",
     "Of 3000 requests at once each gets a response or is reported as failed.", reports_a_flood},
    {"send_keeps_memory", "send", "Requests leak no memory.", keeps_memory},
    {"send_keeps_resources", "send", "Requests leave no threads and no descriptors behind.",
     keeps_threads_and_descriptors},
    {"lanes_delay_no_election", "send_in_lanes",
     "Queries without a response do not delay an election request to the same peer.",
     queries_delay_nothing},
    {"response_kinds", "send",
     "Responses of the kinds ok, malformed, unknown and busy arrive as such.", carries_kinds},
    {"response_later", "send", "Responses may come later, in any order, and from any thread.",
     responds_later},
    {"response_uncalled", "send", "If a Respond is destroyed without a call, the sender gets busy.",
     responds_busy_uncalled},
    {"response_first", "send", "If a Respond is called twice, the first call counts.",
     responds_once},
    {"response_after_stop", "send", "A Respond may be called after its transport was destroyed.",
     takes_responses_after_stop},
    {"reported_once", "send", "OnResponse is called exactly once for each request.", reports_once},
    {"source", "send", "The source of a request is empty or ip:port.", names_the_source},
    {"names_without_tls", "send", "Without TLS verified_names is empty.", proves_nothing},
    {"names_of_sender", "send",
     "source and verified_names are not taken from the Request of the sender.", believes_no_sender},
};

}  // namespace

std::span<const Case> transport_sends() { return kCases; }

}  // namespace electiond::kit
