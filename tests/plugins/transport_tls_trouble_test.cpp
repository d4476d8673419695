// TLS with strangers, broken connections and recorded bytes.
#include <gmock/gmock.h>

#include "tls_bench.h"

namespace electiond::bench {
namespace {

using namespace std::string_literals;
using Kind = Response::Kind;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A relay between a client and a server that records the bytes of the client.
class Relay {
  public:
    explicit Relay(const Endpoint& to) : to_(to) {}
    ~Relay() { ended_ = true; }

    [[nodiscard]] Endpoint endpoint() const { return front_.endpoint(); }
    [[nodiscard]] std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }
    // Sends bytes to the server between those of the client.
    void slip_in(std::string_view bytes) {
        const std::lock_guard lock(mutex_);
        send(server_, bytes);
    }

  private:
    static void send(Poco::Net::StreamSocket& to, std::string_view bytes) {
        to.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
    }
    void run() {
        while (!front_.listener.poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ)) {
            if (ended_) return;
        }
        auto client = front_.listener.acceptConnection();
        {
            const std::lock_guard lock(mutex_);
            server_.connect({to_.host, to_.port});
        }
        try {
            while (!ended_ && pass(client, server_, &heard_) && pass(server_, client, nullptr)) {
            }
        } catch (const Poco::Exception&) {
            // One of them has closed.
        }
    }
    bool pass(Poco::Net::StreamSocket& from, Poco::Net::StreamSocket& to, std::string* kept) {
        if (!from.poll(Poco::Timespan(0, 1000), Poco::Net::Socket::SELECT_READ)) return true;
        std::array<char, 4096> bytes{};
        const int count = from.receiveBytes(bytes.data(), bytes.size());
        if (count <= 0) return false;
        const std::lock_guard lock(mutex_);
        const std::string_view some(bytes.data(), static_cast<std::size_t>(count));
        if (kept != nullptr) kept->append(some);
        send(to, some);
        return true;
    }

    const Endpoint to_;
    FalsePeer front_;
    mutable std::mutex mutex_;
    std::string heard_;
    Poco::Net::StreamSocket server_;
    std::atomic<bool> ended_ = false;
    std::jthread thread_{[this] { run(); }};
};

class TlsInTrouble : public ::testing::TestWithParam<const char*> {
  protected:
    static std::shared_ptr<const io::TlsContext> member() {
        const auto& files = usual_tls();
        return context_of({files.cert, files.key}, files.ca);
    }
    [[nodiscard]] Kind hello(const Node& from, const Node& to) const {
        return await(ask(*from.transport, to.endpoint, request("hello"))).kind;
    }

    const std::string plugin_ = GetParam();
    Lines lines_;
    Node receiver_{plugin_, usual_tls(), lines_.log()};
    Node peer_{plugin_};
};

INSTANTIATE_TEST_SUITE_P(Built, TlsInTrouble, ::testing::Values("http_tls", "tcp_tls"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(TlsInTrouble, HundredsOfHalfOpenHandshakesKeepNobodyOut) {
    EXPECT_EQ(hello(peer_, receiver_), Kind::ok);
    std::vector<std::unique_ptr<Stranger>> strangers;
    std::vector<std::unique_ptr<Node>> late;
    for (int n = 0; n < 600; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver_.endpoint));
        if (n % 2 == 0) strangers.back()->say("\x16\x03\x01\x02\0"s);
        if (n % 100 != 50) continue;
        late.push_back(std::make_unique<Node>(plugin_));
        EXPECT_EQ(hello(*late.back(), receiver_), Kind::ok) << n;
        EXPECT_EQ(hello(peer_, receiver_), Kind::ok) << n;
    }
    EXPECT_EQ(strangers.front()->hear_all(), "") << "the oldest had to go";
    for (const auto& each : late) EXPECT_EQ(hello(*each, receiver_), Kind::ok);
}

TEST_P(TlsInTrouble, GarbageAfterTheHandshakeEndsTheConnection) {
    for (int n = 0; n < 5; ++n) {
        TlsEnd stranger(receiver_.endpoint, member());
        ASSERT_FALSE(stranger.handshake());
        stranger.say_plainly(n % 2 == 0 ? bytes_of_hello(plugin_) : std::string(100, '\x17'));
        EXPECT_EQ(stranger.hear(), "");
    }
    EXPECT_EQ(receiver_.desk.delivered(), 0);
    EXPECT_THAT(lines_.warning("other"), StartsWith("the connection from 127.0.0.1 failed"));
    EXPECT_EQ(hello(peer_, receiver_), Kind::ok);

    TlsFalsePeer garbles;
    auto reply = ask(*receiver_.transport, garbles.endpoint(), request("hello"));
    auto end = garbles.accept_tls(member());
    ASSERT_FALSE(end.handshake());
    end.say_plainly("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const auto answer = await(std::move(reply));
    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_THAT(answer.body, StartsWith(garbles.endpoint().to_string() + ": TLS failed"));
}

TEST_P(TlsInTrouble, WhatIsNoRequestIsRefusedAsInPlainText) {
    const std::vector<std::string> wrong =
        dialect_of(plugin_) == "http"
            ? std::vector<std::string>{"GET /\r\n\r\n",
                                       "POST /hello HTTP/1.1\r\nHost: x\r\nX: " +
                                           std::string(17'000, 'x'),
                                       "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                       "65537\r\n\r\n" +
                                           std::string(65'537, 'x')}
            : std::vector<std::string>{"\0\2\0\0"s + std::string(70'000, '\0'), "\x16\x03\x01\x02"s,
                                       "\0\0\0\1\0"s};
    for (const auto& bytes : wrong) {
        TlsEnd stranger(receiver_.endpoint, member());
        ASSERT_FALSE(stranger.handshake());
        stranger.say(bytes);
        const auto heard = stranger.hear();
        if (dialect_of(plugin_) == "http") {
            EXPECT_THAT(heard, StartsWith("HTTP/1.1 4"));
        } else {
            EXPECT_EQ(heard, "");
        }
    }
    EXPECT_EQ(receiver_.desk.delivered(), 0);
    EXPECT_EQ(lines_.warnings("").size(), 1U) << "once a minute";
    EXPECT_EQ(hello(peer_, receiver_), Kind::ok);
}

TEST_P(TlsInTrouble, BytesThatSomebodyHasKeptAreOfNoUse) {
    Relay relay(receiver_.endpoint);
    Node sender(plugin_);
    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, relay.endpoint(), request("hello")));
        ASSERT_EQ(answer.kind, Kind::ok) << answer.body;
    }
    const auto kept = relay.heard();
    ASSERT_EQ(receiver_.desk.delivered(), 3);

    Stranger again(receiver_.endpoint);
    again.say(kept);
    (void)again.hear_all();
    const auto last = kept.rfind("\x17\x03\x03"s);
    ASSERT_NE(last, std::string::npos);
    relay.slip_in(kept.substr(last));  // in the connection that it was made for

    EXPECT_THAT(lines_.warning("other"), HasSubstr("failed"));
    EXPECT_EQ(hello(peer_, receiver_), Kind::ok);
    EXPECT_EQ(receiver_.desk.delivered(), 4);
}

TEST_P(TlsInTrouble, ConnectionsThatEndInTheMiddleAreNoFault) {
    for (int n = 0; n < 20; ++n) {
        Stranger begins(receiver_.endpoint);
        begins.say("\x16\x03\x01\x02\0\1"s);
    }
    FalsePeer closes;
    auto reply = ask(*receiver_.transport, closes.endpoint(), request("hello"));
    (void)closes.accept();
    const auto answer = await(std::move(reply));
    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_THAT(answer.body, HasSubstr("closed the connection during the TLS handshake"));
    EXPECT_EQ(hello(peer_, receiver_), Kind::ok);
    EXPECT_EQ(lines_.count(LogLevel::info), 0U);
}

TEST_P(TlsInTrouble, AnAnswerToAClosedConnectionIsNoFault) {
    Drawer drawer;
    Node receiver(plugin_, usual_tls(), lines_.log(), drawer.clerk());
    for (const bool reset : {false, true}) {
        Poco::Net::StreamSocket socket({receiver.endpoint.host, receiver.endpoint.port});
        TlsEnd stranger(socket, member(), io::TlsSide::client);
        ASSERT_FALSE(stranger.handshake());
        stranger.say(bytes_of_hello(plugin_));
        auto [arrived, respond] = drawer.take();
        socket.setLinger(reset, 0);
        stranger.close();
        respond({Kind::ok, std::string(60'000, 'x')});
        auto next = ask(*peer_.transport, receiver.endpoint, request("hello"));
        drawer.take().second({Kind::ok, "{}"});
        EXPECT_EQ(await(std::move(next)).kind, Kind::ok);
    }
    receiver.transport->stop();
    EXPECT_EQ(lines_.count(LogLevel::info), 0U);
}

TEST_P(TlsInTrouble, EightThreadsSendAtTheSameTime) {
    std::vector<std::jthread> threads;
    std::atomic<int> answered = 0;
    const std::string body(20'000, 'x');  // several records
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int n = 0; n < 50; ++n) {
                const auto mine = std::to_string(t) + " " + std::to_string(n) + body;
                const auto answer =
                    await(ask(*peer_.transport, receiver_.endpoint, request("hello", mine)));
                if (answer.kind == Kind::ok && answer.body == "echo " + mine) ++answered;
            }
        });
    }
    threads.clear();

    EXPECT_EQ(answered, 400);
}

TEST_P(TlsInTrouble, StopsDuringHandshakes) {
    FalsePeer silent;
    auto owed = ask(*peer_.transport, silent.endpoint(), request("hello"));
    auto connection = silent.accept();
    (void)connection.hear(100);  // the beginning of the handshake
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 10; ++n) {
        strangers.push_back(std::make_unique<Stranger>(receiver_.endpoint));
        strangers.back()->say("\x16\x03\x01\x02\0"s);
    }
    Node refused(dialect_of(plugin_));  // its connection lingers, so that it can read why
    EXPECT_EQ(hello(refused, receiver_), Kind::unreachable);

    const auto begun = std::chrono::steady_clock::now();
    peer_.transport->stop();
    receiver_.transport->stop();

    EXPECT_EQ(owed.wait_for(0s), std::future_status::ready);
    EXPECT_EQ(owed.get().kind, Kind::unreachable);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s) << "less than a handshake may take";
    for (const auto& each : strangers) EXPECT_EQ(each->hear_all(), "");
}

TEST_P(TlsInTrouble, ARequestSaysThatTheHandshakeIsWhatIsMissing) {
    FalsePeer silent;

    const auto answer = await(ask(*peer_.transport, silent.endpoint(), request("hello"), 200ms));

    EXPECT_EQ(answer.kind, Kind::timed_out);
    EXPECT_THAT(answer.body, HasSubstr("does not do a TLS handshake"));
}

}  // namespace
}  // namespace electiond::bench
