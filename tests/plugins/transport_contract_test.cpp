// What every transport plugin must do, asked of each built one.
#include <Poco/Exception.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <thread>

#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Answer::Kind;

class TransportContract : public ::testing::TestWithParam<const char*> {
  protected:
    const std::string plugin_ = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Built, TransportContract, ::testing::Values("http", "tcp"),
                         [](const auto& tested) { return std::string(tested.param); });

std::string fault(const std::function<void()>& act, Error::Code code) {
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code);
        return error.what();
    }
    return "no error";
}

TEST_P(TransportContract, CarriesARequestThereAndItsAnswerBack) {
    Drawer drawer;
    Node receiver(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);

    auto reply =
        ask(*sender.transport, receiver.endpoint, request("vote-request", R"({"term":7})"));
    const auto [arrived, respond] = drawer.take();
    respond({Kind::ok, R"({"term":8})"});

    EXPECT_EQ(arrived.name, "vote-request");
    EXPECT_EQ(arrived.body, R"({"term":7})");
    EXPECT_EQ(arrived.lane, Lane::election);
    EXPECT_TRUE(arrived.source.starts_with("127.0.0.1:")) << arrived.source;
    const auto answer = await(std::move(reply));
    EXPECT_EQ(answer.kind, Kind::ok);
    EXPECT_EQ(answer.body, R"({"term":8})");
}

TEST_P(TransportContract, DeliversAStatusRequestAsAQuery) {
    Drawer drawer;
    Node receiver(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);

    auto reply = ask(*sender.transport, receiver.endpoint, request("status"));
    const auto [arrived, respond] = drawer.take();
    respond({Kind::ok, "{}"});

    EXPECT_EQ(arrived.lane, Lane::query);
    EXPECT_EQ(await(std::move(reply)).kind, Kind::ok);
}

TEST_P(TransportContract, BringsEveryKindOfAnswer) {
    const std::map<std::string, Kind> kinds = {
        {"ok", Kind::ok}, {"bad", Kind::malformed}, {"odd", Kind::unknown}, {"later", Kind::busy}};
    const auto clerk = [&](const Request& what, const Respond& respond) {
        respond({kinds.at(what.name), "body of " + what.name});
    };
    Node receiver(plugin_, clerk, "127.0.0.1:0");
    Node sender(plugin_);

    for (int round = 0; round < 2; ++round) {
        for (const auto& [name, kind] : kinds) {
            const auto answer = await(ask(*sender.transport, receiver.endpoint, request(name)));
            EXPECT_EQ(answer.kind, kind) << name;
            EXPECT_EQ(answer.body, "body of " + name);
        }
    }
}

TEST_P(TransportContract, AnswersBusyWhereNobodyAnswers) {
    Node receiver(
        plugin_, [](const Request&, const Respond&) {}, "127.0.0.1:0");
    Node sender(plugin_);

    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::busy);
}

TEST_P(TransportContract, AnswersBusyWhereTheAnswerTakesTooLong) {
    Drawer drawer;
    Node receiver(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);

    auto reply = ask(*sender.transport, receiver.endpoint, request("hello"));
    const auto kept = drawer.take();

    EXPECT_EQ(await(std::move(reply)).kind, Kind::busy);
    kept.second({Kind::ok, "too late"});
    EXPECT_EQ(receiver.desk.delivered(), 1);
}

TEST_P(TransportContract, TakesTheFirstOfTwoAnswers) {
    const auto clerk = [](const Request&, const Respond& respond) {
        respond({Kind::ok, "first"});
        respond({Kind::busy, "second"});
    };
    Node receiver(plugin_, clerk, "127.0.0.1:0");
    Node sender(plugin_);

    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("hello")));
        EXPECT_EQ(answer.body, "first");
    }
}

TEST_P(TransportContract, TakesNoHarmFromAnAnswerAfterItsEnd) {
    Drawer drawer;
    auto receiver = std::make_unique<Node>(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);
    auto reply = ask(*sender.transport, receiver->endpoint, request("hello"));
    const auto kept = drawer.take();

    receiver.reset();
    kept.second({Kind::ok, "too late"});

    EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable);
}

TEST_P(TransportContract, ReportsAPeerThatDoesNotListenAtOnce) {
    Endpoint nobody;
    {
        Poco::Net::ServerSocket closed;
        closed.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
        nobody = {"127.0.0.1", closed.address().port()};
    }
    Node sender(plugin_);

    const auto answer = await(ask(*sender.transport, nobody, request("hello"), kLong));

    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_NE(answer.body.find(nobody.to_string()), std::string::npos) << answer.body;
}

TEST_P(TransportContract, ReportsASilentPeerWhenTheTimeIsOver) {
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

TEST_P(TransportContract, ASilentPeerDelaysNobody) {
    FalsePeer silent;
    Node receiver(plugin_);
    Node sender(plugin_);
    std::vector<std::future<Answer>> unanswered;
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

TEST_P(TransportContract, QueriesDelayNoElectionMessageToTheSamePeer) {
    Drawer drawer;
    const auto keep = drawer.clerk();
    const auto clerk = [keep](const Request& what, const Respond& respond) {
        if (what.name == "status")
            keep(what, respond);
        else
            respond({Kind::ok, "{}"});
    };
    Node receiver(plugin_, clerk, "127.0.0.1:0");
    Node sender(plugin_);
    std::vector<std::future<Answer>> queries;
    for (int n = 0; n < 100; ++n) {
        queries.push_back(ask(*sender.transport, receiver.endpoint, request("status")));
    }
    (void)drawer.take();

    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("heartbeat"))).kind,
              Kind::ok);

    EXPECT_EQ(queries.back().wait_for(0s), std::future_status::timeout);
}

TEST_P(TransportContract, CarriesAHundredRequestsAtOnceEachToItsOwnAnswer) {
    Node receiver(plugin_);
    Node sender(plugin_);
    std::vector<std::future<Answer>> replies;

    for (int n = 0; n < 100; ++n) {
        replies.push_back(
            ask(*sender.transport, receiver.endpoint, request("hello", std::to_string(n))));
    }

    for (int n = 0; n < 100; ++n) {
        const auto answer = await(std::move(replies[static_cast<std::size_t>(n)]));
        EXPECT_EQ(answer.kind, Kind::ok);
        EXPECT_EQ(answer.body, "echo " + std::to_string(n));
    }
}

TEST_P(TransportContract, DropsTheOldestWhereTooManyWait) {
    FalsePeer silent;
    Node sender(plugin_);
    std::vector<std::future<Answer>> replies;

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

TEST_P(TransportContract, CarriesBodiesOf64KiBAndReportsLongerOnes) {
    const std::string longest(std::size_t{64} * 1024, 'x');
    const auto clerk = [](Request what, const Respond& respond) {
        respond({Kind::ok, std::move(what.body)});
    };
    Node receiver(plugin_, clerk, "127.0.0.1:0");
    Node sender(plugin_);

    for (int n = 0; n < 20; ++n) {
        const auto answer =
            await(ask(*sender.transport, receiver.endpoint, request("hello", longest)));
        EXPECT_EQ(answer.kind, Kind::ok);
        EXPECT_TRUE(answer.body == longest);
    }
    const auto answer =
        await(ask(*sender.transport, receiver.endpoint, request("hello", longest + "x")));
    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_EQ(receiver.desk.delivered(), 20);
}

TEST_P(TransportContract, AnswersBusyInPlaceOfAnAnswerThatIsTooLong) {
    const auto clerk = [](const Request&, const Respond& respond) {
        respond({Kind::ok, std::string(std::size_t{64} * 1024 + 1, 'x')});
    };
    Node receiver(plugin_, clerk, "127.0.0.1:0");
    Node sender(plugin_);

    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::busy);
}

TEST_P(TransportContract, RefusesToSendANameThatIsNone) {
    Node receiver(plugin_);
    Node sender(plugin_);

    for (const std::string name : {"", "a b", "a\r\nb", "a/b"}) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request(name)));
        EXPECT_EQ(answer.kind, Kind::unreachable) << name;
    }
    EXPECT_EQ(receiver.desk.delivered(), 0);
}

TEST_P(TransportContract, StopReportsWhatIsOwedOnceAndDeliversNothingMore) {
    FalsePeer silent;
    auto sender = std::make_unique<Node>(plugin_);
    std::vector<std::future<Answer>> replies;
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

TEST_P(TransportContract, StopsInTheMiddleOfTraffic) {
    for (int round = 0; round < 10; ++round) {
        Node receiver(plugin_);
        Node sender(plugin_);
        std::vector<std::future<Answer>> replies;
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

TEST_P(TransportContract, ASecondBindFailsAndNamesTheAddress) {
    Node first(plugin_);
    const auto address = first.endpoint.to_string();
    const auto second = load(plugin_, {{"listen", address}});  // the factory binds nothing
    Desk desk;

    const auto sentence = fault([&] { (void)second->start(desk); }, Error::os);

    EXPECT_NE(sentence.find(address), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("transport.listen"), std::string::npos) << sentence;
}

TEST_P(TransportContract, ListensOnAName) {
    Node receiver(plugin_, "localhost:0");
    Node sender(plugin_);

    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportContract, ReachesAPeerByName) {
    Node receiver(plugin_);
    Node sender(plugin_);
    const Endpoint named{"localhost", receiver.endpoint.port};

    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, named, request("hello")));
        EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    }
}

TEST_P(TransportContract, ReportsANameThatDoesNotResolveEachTime) {
    Node sender(plugin_);

    for (int n = 0; n < 3; ++n) {
        const auto answer =
            await(ask(*sender.transport, {"no-such-host.invalid", 1}, request("hello")));
        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_NE(answer.body.find("no-such-host.invalid"), std::string::npos) << answer.body;
    }
}

// The sockets that a child finds open.
std::string inherited() {
    const std::unique_ptr<FILE, int (*)(FILE*)> child(
        ::popen("ls -l /proc/self/fd | grep -o 'socket:.*'", "r"), ::pclose);
    std::string text;
    for (int c = std::fgetc(child.get()); c != EOF; c = std::fgetc(child.get())) {
        text.push_back(static_cast<char>(c));
    }
    return text;
}

TEST_P(TransportContract, LeavesNoSocketToChildren) {
    const auto before = inherited();
    Node receiver(plugin_);
    Node sender(plugin_);
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::ok);

    EXPECT_EQ(inherited(), before);
}

TEST_P(TransportContract, SpeaksIPv6) {
    try {
        Poco::Net::ServerSocket probe;
        probe.bind6(Poco::Net::SocketAddress("::1", 0), true, false, true);
    } catch (const Poco::Exception&) {
        GTEST_SKIP() << "no IPv6 loopback here";
    }
    Node receiver(plugin_, "[::1]:0");
    Node sender(plugin_);

    EXPECT_EQ(receiver.endpoint.host, "::1");
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportContract, ReachesARestartedPeerAtOnce) {
    auto receiver = std::make_unique<Node>(plugin_);
    const auto endpoint = receiver->endpoint;
    Node sender(plugin_);

    for (int round = 0; round < 5; ++round) {
        const auto answer = await(ask(*sender.transport, endpoint, request("hello")));
        ASSERT_EQ(answer.kind, Kind::ok) << answer.body;

        receiver.reset();
        receiver = std::make_unique<Node>(plugin_, endpoint.to_string());
    }
}

TEST_P(TransportContract, ReachesAPeerThatComesLate) {
    auto receiver = std::make_unique<Node>(plugin_);
    const auto endpoint = receiver->endpoint;
    receiver.reset();
    Node sender(plugin_);
    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::unreachable);

    receiver = std::make_unique<Node>(plugin_, endpoint.to_string());

    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportContract, GoesOnAfterAPeerWasSilentForAWhile) {
    FalsePeer peer;
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

TEST_P(TransportContract, MaySendFromAReply) {
    Node receiver(plugin_);
    Node sender(plugin_);
    std::promise<Answer> last;
    std::atomic<int> left = 20;
    std::function<void(Answer)> next = [&](Answer answer) {
        if (--left == 0) return last.set_value(std::move(answer));
        sender.transport->send(receiver.endpoint, request("hello"), kLong, next);
    };

    sender.transport->send(receiver.endpoint, request("hello"), kLong, next);

    EXPECT_EQ(await(last.get_future()).kind, Kind::ok);
    EXPECT_EQ(receiver.desk.delivered(), 20);
    sender.transport->stop();
}

TEST_P(TransportContract, MaySendFromManyThreads) {
    Node receiver(plugin_);
    Node sender(plugin_);
    std::vector<std::jthread> threads;
    std::atomic<int> answered = 0;

    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int n = 0; n < 50; ++n) {
                const auto answer =
                    await(ask(*sender.transport, receiver.endpoint, request("hello")));
                if (answer.kind == Kind::ok) ++answered;
            }
        });
    }
    threads.clear();

    EXPECT_EQ(answered, 200);
}

TEST_P(TransportContract, ServesPeersWhileStrangersHoldAllConnections) {
    Node receiver(plugin_);
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

TEST_P(TransportContract, CutsAMessageThatNeverEnds) {
    Node receiver(plugin_);
    Stranger stranger(receiver.endpoint);
    const std::string beginning =
        plugin_ == "http" ? "POST /hello HTTP/1.1\r\nX: " : std::string("\0\0\xff\xff", 4);

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

TEST_P(TransportContract, SurvivesAnyBytes) {
    std::atomic<int> warnings = 0;
    const Log log([&](LogLevel level, std::string_view) {
        if (level == LogLevel::warning) ++warnings;
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

    EXPECT_EQ(warnings, 1) << "once per minute is enough";
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::busy);
}

TEST_P(TransportContract, SurvivesAPeerThatAnswersWithAnyBytes) {
    FalsePeer peer;
    Node sender(plugin_);
    std::mt19937 random(11);

    for (int round = 0; round < 50; ++round) {
        auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
        std::string bytes(1 + random() % 3000, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        auto connection = peer.accept();
        connection.say(bytes);
        connection.end();

        EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable);
    }
}

TEST_P(TransportContract, TellsTheOperatorWhatIsWrongWithAnOption) {
    const auto wrong = [&](const std::string& key, const std::string& value) {
        return fault([&] { (void)load(plugin_, {{key, value}}); }, Error::config);
    };

    EXPECT_NE(wrong("listen", "7401").find("node.yaml:2:3: transport.listen"), std::string::npos);
    EXPECT_NE(wrong("listen", "::1:7401").find("[::1]:7401"), std::string::npos);
    EXPECT_NE(wrong("lisen", "127.0.0.1:1").find("did you mean listen"), std::string::npos);
    EXPECT_EQ(wrong("insecure", "true"), "no error");
    EXPECT_EQ(wrong("advertise", "10.0.0.1:7401"), "no error");
}

TEST_P(TransportContract, TellsTheOperatorWhereItCannotListen) {
    Desk desk;
    const auto elsewhere = load(plugin_, {{"listen", "192.0.2.1:7401"}});
    const auto nowhere = load(plugin_, {{"listen", "no-such-host.invalid:7401"}});

    const auto foreign = fault([&] { (void)elsewhere->start(desk); }, Error::os);
    EXPECT_NE(foreign.find("address of this host"), std::string::npos) << foreign;
    const auto unknown = fault([&] { (void)nowhere->start(desk); }, Error::os);
    EXPECT_NE(unknown.find("no-such-host.invalid"), std::string::npos) << unknown;
}

}  // namespace
}  // namespace electiond::bench
