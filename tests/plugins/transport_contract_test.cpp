// The rules that every transport plugin in this repository must follow.
#include <Poco/Exception.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <thread>

#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;

class TransportContract : public ::testing::TestWithParam<const char*> {
  protected:
    const std::string plugin_ = GetParam();
    const std::vector<std::string> proven_ =
        is_encrypted(plugin_) ? kUsualNames : std::vector<std::string>{};
};

INSTANTIATE_TEST_SUITE_P(Built, TransportContract, ::testing::ValuesIn(kSpoken),
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

TEST_P(TransportContract, DeliversEachRequestInTheLaneThatItsSenderChose) {
    Drawer drawer;
    Node receiver(plugin_, drawer.clerk(), "127.0.0.1:0");
    Node sender(plugin_);

    for (const auto lane : {Lane::query, Lane::election}) {
        for (const std::string name : {"status", "vote-request"}) {
            auto sent = request(name);
            sent.lane = lane;
            auto reply = ask(*sender.transport, receiver.endpoint, std::move(sent));
            const auto [arrived, respond] = drawer.take();
            respond({Kind::ok, "{}"});

            EXPECT_EQ(arrived.lane, lane) << name;
            EXPECT_EQ(arrived.verified_names, proven_) << "nothing is proven without TLS";
            const auto answer = await(std::move(reply));
            EXPECT_EQ(answer.kind, Kind::ok);
            EXPECT_EQ(answer.verified_names, proven_);
        }
    }
}

TEST_P(TransportContract, SendsWithoutListening) {
    Node receiver(plugin_);
    const auto sender = load(plugin_, {{"listen", receiver.endpoint.to_string()}});

    sender->start_sending();  // the address is taken, which does not matter here
    const auto answer = await(ask(*sender, receiver.endpoint, request("hello")));
    sender->stop();

    EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
}

TEST_P(TransportContract, CarriesBodiesUpToItsLimit) {
    const Limits wide{.body_bytes = std::size_t{1} << 20};
    Node receiver(plugin_, wide);
    Node sender(plugin_, wide);
    Node narrow(plugin_);
    const auto big = request("hello", std::string(wide.body_bytes - 16, 'x'));  // room for the echo

    const auto answer = await(ask(*sender.transport, receiver.endpoint, big));
    EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    EXPECT_EQ(await(ask(*narrow.transport, receiver.endpoint, big)).kind, Kind::unreachable);
    EXPECT_EQ(await(ask(*sender.transport, narrow.endpoint, big)).kind, Kind::unreachable);
    EXPECT_EQ(await(ask(*sender.transport, narrow.endpoint, request("hello"))).kind, Kind::ok);
}

TEST_P(TransportContract, TakesNewLimitsWhileItRuns) {
    const Limits wide{.body_bytes = std::size_t{1} << 20};
    Node receiver(plugin_);
    Node sender(plugin_, wide);
    const auto big = request("hello", std::string(wide.body_bytes - 16, 'x'));
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, big)).kind, Kind::unreachable);

    receiver.transport->set_limits(wide);
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, big)).kind, Kind::ok);

    receiver.transport->set_limits(Limits{});
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, big)).kind, Kind::unreachable);
    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("hello"))).kind, Kind::ok);
}

TEST(TransportLimits, CloseConnectionsThatAreIdleForTooLongNow) {
    for (const std::string plain : {"http", "tcp"}) {
        Node receiver(plain);
        Stranger idle(receiver.endpoint);
        Node sender(plain);  // once its request is answered, the connection before is accepted
        await(ask(*sender.transport, receiver.endpoint, request("hello")));

        receiver.transport->set_limits({.idle_time = 50ms});

        EXPECT_EQ(idle.hear_all(), "") << plain;
    }
}

TEST_P(TransportContract, KeepsLimitsAndCanAuthenticate) {
    const auto transport = load(plugin_, {{"listen", "127.0.0.1:0"}});
    EXPECT_TRUE(transport->keeps_limits());
    EXPECT_TRUE(transport->can_authenticate());
}

// The descriptors that are open, by number and what they are, and the threads that run.
std::set<std::string> possessions() {
    std::set<std::string> all;
    for (const std::string folder : {"/proc/self/fd", "/proc/self/task"}) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::error_code no_link;
            const auto target = std::filesystem::read_symlink(entry.path(), no_link).string();
            if (target.ends_with("/fd")) continue;  // this listing's own
            all.insert(entry.path().string() + " " + target);
        }
    }
    return all;
}

TEST_P(TransportContract, TheFactoryMakesNoThreadAndNoDescriptor) {
    (void)load(plugin_, {{"listen", "127.0.0.1:0"}});  // the library itself stays loaded
    const auto before = possessions();
    const auto transport = load(plugin_, {{"listen", "127.0.0.1:0"}});
    EXPECT_EQ(possessions(), before);
}

TEST_P(TransportContract, StartsInAChildThatWasForkedAfterTheFactory) {
    const auto transport = load(plugin_, {{"listen", "127.0.0.1:0"}});
    std::array<int, 2> port{};  // from the child
    std::array<int, 2> end{};   // closed by this process when the child may end
    ASSERT_EQ(::pipe2(port.data(), O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(end.data(), O_CLOEXEC), 0);

    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::close(end[1]);
        Desk desk;
        const auto own = transport->start(desk);
        (void)!::write(port[1], &own.port, sizeof own.port);
        char nothing = 0;
        (void)!::read(end[0], &nothing, 1);
        transport->stop();
        std::_Exit(desk.delivered() == 1 ? 0 : 1);
    }
    Endpoint endpoint{"127.0.0.1", 0};
    ASSERT_EQ(::read(port[0], &endpoint.port, sizeof endpoint.port),
              static_cast<ssize_t>(sizeof endpoint.port));
    Node sender(plugin_);
    EXPECT_EQ(await(ask(*sender.transport, endpoint, request("hello"))).kind, Kind::ok);
    ::close(end[0]);
    ::close(end[1]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    ::close(port[0]);
    ::close(port[1]);
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
    std::vector<std::future<Response>> queries;
    for (int n = 0; n < 100; ++n) {
        auto query = request("status");
        query.lane = Lane::query;
        queries.push_back(ask(*sender.transport, receiver.endpoint, std::move(query)));
    }
    (void)drawer.take();

    EXPECT_EQ(await(ask(*sender.transport, receiver.endpoint, request("heartbeat"))).kind,
              Kind::ok);

    EXPECT_EQ(queries.back().wait_for(0s), std::future_status::timeout);
}

TEST_P(TransportContract, CarriesAHundredRequestsAtOnceEachToItsOwnAnswer) {
    Node receiver(plugin_);
    Node sender(plugin_);
    std::vector<std::future<Response>> replies;

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

// The descriptors that a child program would inherit.
std::set<std::string> inherited() {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const auto name = entry.path().filename().string();
        const int flags = ::fcntl(std::stoi(name), F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.insert(name);
    }
    return found;
}

TEST_P(TransportContract, LeavesNoDescriptorToChildren) {
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

TEST_P(TransportContract, MaySendFromAReply) {
    Node receiver(plugin_);
    Node sender(plugin_);
    std::promise<Response> last;
    std::atomic<int> left = 20;
    std::function<void(Response)> next = [&](Response answer) {
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

TEST_P(TransportContract, TellsTheOperatorWhatIsWrongWithAnOption) {
    const auto wrong = [&](const std::string& key, const std::string& value) {
        return fault([&] { (void)load(plugin_, {{key, value}}); }, Error::config);
    };

    EXPECT_EQ(wrong("lisen", "127.0.0.1:1"),
              "node.yaml:2:3: unknown key transport.lisen; expected plugin, listen, advertise, "
              "insecure, limits, tls; did you mean listen?");
    for (const auto key : kTransportHostKeys) {
        if (key == "listen") continue;
        EXPECT_EQ(wrong(std::string(key), "x"), "no error") << key;
    }
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
