// Every transport plugin handles peers that are dead, silent or late, or that send nonsense.
#include <Poco/Exception.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;

class TransportInTrouble : public ::testing::TestWithParam<const char*> {
  protected:
    const std::string plugin_ = GetParam();
    // An address of this process alone, so that a port which is given up stays free.
    const std::string own_address_ = "127." + std::to_string(1 + ::getpid() % 250) + "." +
                                     std::to_string(::getpid() / 250 % 250) + "." +
                                     std::to_string(1 + ::getpid() / 62'500 % 250);
};

INSTANTIATE_TEST_SUITE_P(Built, TransportInTrouble, ::testing::ValuesIn(kSpoken),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(TransportInTrouble, TakesNoHarmFromAnAnswerAfterItsEnd) {
    Drawer drawer;
    auto receiver = std::make_unique<Node>(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);
    auto reply = ask(*sender.transport, receiver->endpoint, request("hello"));
    const auto kept = drawer.take();

    receiver.reset();
    kept.second({Kind::ok, "too late"});

    EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable);
}

TEST_P(TransportInTrouble, ReportsAPeerThatDoesNotListenAtOnce) {
    Poco::Net::ServerSocket unheard;  // bound, so that nobody else is; but it does not listen
    unheard.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
    const Endpoint nobody{"127.0.0.1", unheard.address().port()};
    Node sender(plugin_);

    const auto answer = await(ask(*sender.transport, nobody, request("hello"), kLong));

    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_NE(answer.body.find(nobody.to_string()), std::string::npos) << answer.body;
}

TEST_P(TransportInTrouble, ReportsASilentPeerWhenTheTimeIsOver) {
    FalsePeer silent;
    Node sender(plugin_);

    for (int n = 0; n < 5; ++n) {
        const auto before = std::chrono::steady_clock::now();
        const auto answer =
            await(ask(*sender.transport, silent.endpoint(), request("hello"), 50ms));

        EXPECT_EQ(answer.kind, Kind::timed_out);
        EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
    }
}

TEST_P(TransportInTrouble, ASilentPeerDelaysNobody) {
    FalsePeer silent;
    Node receiver(plugin_);
    Node sender(plugin_);
    std::vector<std::future<Response>> unanswered;
    for (int n = 0; n < 50; ++n) {
        unanswered.push_back(ask(*sender.transport, silent.endpoint(), request("heartbeat")));
    }

    for (int n = 0; n < 50; ++n) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("heartbeat")));
        EXPECT_EQ(answer.kind, Kind::ok);
    }

    for (const auto& future : unanswered) {
        EXPECT_EQ(future.wait_for(0s), std::future_status::timeout);
    }
}

// Three discoveries may list so many, and the election asks all of them at the same time.
TEST_P(TransportInTrouble, AsksAllAddressesOfThreeSnapshotsAtTheSameTime) {
    Poco::Net::ServerSocket silent;  // at every address of loopback; it accepts no connection
    silent.bind(Poco::Net::SocketAddress("0.0.0.0", 0), true, false);
    silent.listen(1024);
    Node sender(plugin_);
    std::vector<std::future<Response>> replies;
    for (std::size_t n = 0; n < 3 * kSnapshotAddressesMax; ++n) {
        const Endpoint to{"127.1." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1),
                          silent.address().port()};
        replies.push_back(ask(*sender.transport, to, request("hello"), 2s));
    }

    for (auto& reply : replies) {
        const auto response = await(std::move(reply));
        ASSERT_EQ(response.kind, Kind::timed_out) << response.body;
    }
}

TEST_P(TransportInTrouble, DropsTheOldestWhereTooManyWait) {
    FalsePeer silent;
    Node sender(plugin_);
    std::vector<std::future<Response>> replies;

    for (int n = 0; n < 400; ++n) {
        replies.push_back(ask(*sender.transport, silent.endpoint(), request("hello")));
    }

    const auto reported = [&] {
        return std::ranges::count_if(replies, [](const auto& reply) {
            return reply.wait_for(0s) == std::future_status::ready;
        });
    };
    EXPECT_TRUE(eventually([&] { return reported() >= 100; }));
    EXPECT_LT(reported(), 400);
    EXPECT_EQ(replies.back().wait_for(0s), std::future_status::timeout);
    sender.transport->stop();
    EXPECT_EQ(reported(), 400);
}

TEST_P(TransportInTrouble, StopReportsWhatIsOwedOnceAndDeliversNothingMore) {
    FalsePeer silent;
    auto sender = std::make_unique<Node>(plugin_, own_address_ + ":0");
    std::vector<std::future<Response>> replies;
    for (int n = 0; n < 50; ++n) {
        replies.push_back(ask(*sender->transport, silent.endpoint(), request("hello")));
    }

    sender->transport->stop();

    for (auto& reply : replies) {
        ASSERT_EQ(reply.wait_for(0s), std::future_status::ready);
        EXPECT_EQ(reply.get().kind, Kind::unreachable);
    }
    EXPECT_THROW(Stranger{sender->endpoint}, Poco::Exception);
    sender->transport->stop();
    sender.reset();
}

TEST_P(TransportInTrouble, StopsInTheMiddleOfTraffic) {
    for (int round = 0; round < 10; ++round) {
        Node receiver(plugin_);
        Node sender(plugin_);
        std::vector<std::future<Response>> replies;
        for (int n = 0; n < 60; ++n) {
            replies.push_back(ask(*sender.transport, receiver.endpoint, request("hello")));
        }

        receiver.transport->stop();
        const int delivered = receiver.desk.delivered();
        sender.transport->stop();

        for (auto& reply : replies) EXPECT_EQ(reply.wait_for(0s), std::future_status::ready);
        EXPECT_EQ(receiver.desk.delivered(), delivered);
    }
}

TEST_P(TransportInTrouble, ReportsANameThatDoesNotResolveEachTime) {
    Node sender(plugin_);

    for (int n = 0; n < 3; ++n) {
        const auto answer =
            await(ask(*sender.transport, {"no-such-host.invalid", 1}, request("hello")));
        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_NE(answer.body.find("no-such-host.invalid"), std::string::npos) << answer.body;
    }
}

TEST_P(TransportInTrouble, ReachesARestartedPeerAtOnce) {
    auto receiver = std::make_unique<Node>(plugin_, own_address_ + ":0");
    const auto endpoint = receiver->endpoint;
    Node sender(plugin_);

    for (int round = 0; round < 5; ++round) {
        const auto answer = await(ask(*sender.transport, endpoint, request("hello")));
        ASSERT_EQ(answer.kind, Kind::ok) << answer.body;

        receiver.reset();
        receiver = std::make_unique<Node>(plugin_, endpoint.to_string());
    }
}

TEST_P(TransportInTrouble, ReachesAPeerThatComesLate) {
    auto receiver = std::make_unique<Node>(plugin_, own_address_ + ":0");
    const auto endpoint = receiver->endpoint;
    receiver.reset();
    Node sender(plugin_);
    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::unreachable);

    receiver = std::make_unique<Node>(plugin_, endpoint.to_string());

    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportInTrouble, GoesOnAfterAPeerWasSilentForAWhile) {
    FalsePeer peer(own_address_);
    Node receiver(plugin_);
    Node sender(plugin_);
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(await(ask(*sender.transport, peer.endpoint(), request("hello"), 20ms)).kind,
                  Kind::timed_out);
    }
    const auto endpoint = peer.endpoint();
    peer.listener.close();
    Node back(plugin_, endpoint.to_string());

    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportInTrouble, ServesPeersWhileStrangersHoldAllConnections) {
    Node receiver(plugin_, {.connections = 100});
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 400; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver.endpoint));
    }
    Node sender(plugin_);

    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("hello")));
        EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    }

    EXPECT_EQ(strangers.front()->hear_all(), "");  // the oldest had to go
}

TEST_P(TransportInTrouble, StrangersGiveWayBeforePeersHoweverLongThoseAreIdle) {
    Node receiver(plugin_, {.connections = 20});
    Node peer(plugin_);
    EXPECT_EQ(await(ask(*peer.transport, receiver.endpoint, request("hello"))).kind, Kind::ok);

    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 100; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver.endpoint));
    }
    EXPECT_EQ(strangers[70]->hear_all(), "");  // so many were taken in, each in place of another

    const auto answer = await(ask(*peer.transport, receiver.endpoint, request("hello"), 30s));
    EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    EXPECT_EQ(receiver.desk.delivered(), 2);
}

TEST_P(TransportInTrouble, AnswersBusyBeyondTheRequestsThatMayWait) {
    Drawer drawer;
    Desk desk(drawer.clerk());
    const auto receiver = load(plugin_, {{"listen", "127.0.0.1:0"}}, {}, {.waiting_requests = 1});
    const auto endpoint = receiver->start(desk);
    Node sender(plugin_);

    auto first = ask(*sender.transport, endpoint, request("hello"));
    auto [arrived, respond] = drawer.take();
    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::busy);
    respond({Kind::ok, "{}"});
    EXPECT_EQ(await(std::move(first)).kind, Kind::ok);

    auto next = ask(*sender.transport, endpoint, request("hello"));
    drawer.take().second({Kind::ok, "{}"});
    EXPECT_EQ(await(std::move(next)).kind, Kind::ok) << "the place is free again";
    receiver->stop();
}

// Many connections that never sent a valid message must not delay the requests of peers.
TEST_P(TransportInTrouble, StrangersTakeOnlyHalfOfThePlacesForRequestsThatWait) {
    Drawer drawer;
    std::atomic<bool> keeps = false;
    Desk desk([&, keep = drawer.clerk()](Request request, const Respond& respond) {
        if (!keeps) return respond({Kind::ok, "{}"});
        keep(std::move(request), respond);
    });
    const auto receiver = load(plugin_, {{"listen", "127.0.0.1:0"}}, {}, {.waiting_requests = 4});
    const auto endpoint = receiver->start(desk);
    Node peer(plugin_);
    EXPECT_EQ(await(ask(*peer.transport, endpoint, request("hello"))).kind, Kind::ok);
    keeps = true;

    std::vector<std::unique_ptr<Node>> strangers;
    std::vector<std::future<Response>> owed;
    for (int n = 0; n < 2; ++n) {
        strangers.push_back(std::make_unique<Node>(plugin_));
        owed.push_back(ask(*strangers.back()->transport, endpoint, request("hello")));
    }
    std::vector<Respond> responds;
    for (int n = 0; n < 2; ++n) responds.push_back(drawer.take().second);
    strangers.push_back(std::make_unique<Node>(plugin_));
    EXPECT_EQ(await(ask(*strangers.back()->transport, endpoint, request("hello"))).kind,
              Kind::busy);

    auto of_peer = ask(*peer.transport, endpoint, request("heartbeat"));
    auto [arrived, respond] = drawer.take();
    EXPECT_EQ(arrived.name, "heartbeat");
    respond({Kind::ok, "{}"});
    EXPECT_EQ(await(std::move(of_peer)).kind, Kind::ok);
    for (auto& each : responds) each({Kind::ok, "{}"});
    for (auto& each : owed) EXPECT_EQ(await(std::move(each)).kind, Kind::ok);
    receiver->stop();
}

TEST_P(TransportInTrouble, CutsAMessageThatNeverEnds) {
    Node receiver(plugin_);
    Stranger stranger(receiver.endpoint);
    const std::string beginning = dialect_of(plugin_) == "http" ? "POST /hello HTTP/1.1\r\nX: "
                                                                : std::string("\0\0\xff\xff", 4);

    stranger.say(beginning);
    std::atomic<bool> cut = false;
    std::jthread drip([&](const std::stop_token& stop) {
        try {
            while (!stop.stop_requested()) {
                stranger.say("x");
                std::this_thread::sleep_for(50ms);
            }
        } catch (const Poco::Exception&) {
            cut = true;
        }
    });

    (void)stranger.hear_all();
    drip.join();
    EXPECT_TRUE(cut);
    EXPECT_EQ(receiver.desk.delivered(), 0);
}

TEST_P(TransportInTrouble, SurvivesAnyBytes) {
    std::mutex mutex;
    std::map<std::string, int> warnings;  // by what was wrong with the bytes
    const Log log([&](const LogLine& line) {
        if (line.level != LogLevel::warning) return;
        const auto fault = std::ranges::find(line.fields, "fault", &LogField::key);
        const std::lock_guard lock(mutex);
        ++warnings[fault == line.fields.end() ? "" : fault->value_text()];
    });
    Node receiver(
        plugin_, [](const Request&, const Respond&) {}, "127.0.0.1:0", log);
    Node sender(plugin_);
    std::mt19937 random(7);

    for (int round = 0; round < 200; ++round) {
        std::string bytes(random() % 3000, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        if (round % 3 == 1) bytes.insert(0, "POST /hello HTTP/1.1\r\nHost: x\r\n");
        if (round % 3 == 2) bytes.insert(0, std::string("\0\0\0\x40", 4));
        try {
            Stranger stranger(receiver.endpoint);
            stranger.say(bytes);
            stranger.end();
            (void)stranger.hear_all();
        } catch (const Poco::Exception&) {
            // It closed in the middle of what we say.
        }
    }

    {
        const std::lock_guard lock(mutex);
        EXPECT_GE(warnings.size(), 1U);
        for (const auto& [fault, times] : warnings) {
            EXPECT_EQ(times, 1) << "once per minute is enough: " << fault;
        }
    }
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::busy);
}

TEST_P(TransportInTrouble, SurvivesAPeerThatAnswersWithAnyBytes) {
    Node sender(plugin_);
    std::mt19937 random(11);
    std::deque<FalsePeer> peers;  // of all rounds: none gets the port of another, which is held

    for (int round = 0; round < 50; ++round) {
        auto& peer = peers.emplace_back();
        auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
        std::string bytes(1 + random() % 3000, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        auto connection = peer.accept();
        connection.say(bytes);
        connection.end();

        EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable);
    }
}

}  // namespace
}  // namespace electiond::bench
