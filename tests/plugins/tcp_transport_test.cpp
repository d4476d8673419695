// The tcp transport's frames, byte for byte.
#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;
using namespace std::string_literals;

const std::string kHello =
    "\0\0\0\x11"s
    "\0\0\0\0\0\0\0\x2a"s
    "\0\5hello{}"s;

std::string answer_frame(char id, char kind, const std::string& body) {
    return "\0\0\0"s + static_cast<char>(9 + body.size()) + "\0\0\0\0\0\0\0"s + id + kind + body;
}

TEST(TcpTransport, AnswersAFrame) {
    Node node("tcp");
    Stranger stranger(node.endpoint);

    stranger.say(kHello);

    EXPECT_EQ(stranger.hear(4 + 9 + 7), answer_frame('\x2a', '\1', "echo {}"));
}

TEST(TcpTransport, AnswersAFrameThatComesByteByByte) {
    Node node("tcp");
    Stranger stranger(node.endpoint);

    for (const char byte : kHello) stranger.say({&byte, 1});

    EXPECT_EQ(stranger.hear(4 + 9 + 7), answer_frame('\x2a', '\1', "echo {}"));
}

TEST(TcpTransport, AnswersInTheOrderInWhichAnswersAreGiven) {
    Drawer drawer;
    Node node("tcp", drawer.clerk(), "127.0.0.1:0");
    Stranger stranger(node.endpoint);
    auto second = kHello;
    second[11] = '\x2b';

    stranger.say(kHello + second);
    const auto first_kept = drawer.take();
    const auto second_kept = drawer.take();
    second_kept.second({Kind::unknown, "b"});
    EXPECT_EQ(stranger.hear(4 + 9 + 1), answer_frame('\x2b', '\3', "b"));
    first_kept.second({Kind::malformed, "a"});

    EXPECT_EQ(stranger.hear(4 + 9 + 1), answer_frame('\x2a', '\2', "a"));
}

// Of each stranger that sends without end only one request is read in a turn of the loop. So a peer
// among them waits for one request of each, not for all of them.
TEST(TcpTransport, StrangersHaveTheirRequestsReadInTurn) {
    std::promise<void> held;
    const std::shared_future<void> go_on = held.get_future().share();
    std::mutex mutex;
    std::string order;
    Node node(
        "tcp",
        [&](const Request& request, const Respond& respond) {
            if (request.body != "{}") {
                const std::lock_guard lock(mutex);
                order += request.body;
            }
            respond({Kind::malformed, "x"});
            if (request.body == "h") go_on.wait();  // all that follows is there when it goes on
        },
        "127.0.0.1:0");
    const auto saying = [](char body) {
        auto frame = kHello.substr(0, kHello.size() - 2) + body;
        frame[3] = '\x10';
        return frame;
    };
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int n = 0; n < 3; ++n) {
        strangers.push_back(std::make_unique<Stranger>(node.endpoint));
        strangers.back()->say(kHello);
        strangers.back()->hear(4 + 9 + 1);
    }
    strangers[2]->say(saying('h'));
    ASSERT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return order == "h";
    }));

    for (int n = 0; n < 20; ++n) strangers[0]->say(saying('a'));
    for (int n = 0; n < 20; ++n) strangers[1]->say(saying('b'));
    held.set_value();
    for (int n = 0; n < 2; ++n) strangers[n]->hear(20 * (4 + 9 + 1));

    const std::lock_guard lock(mutex);
    ASSERT_EQ(order.size(), 41);
    EXPECT_LT(order.find('a'), order.rfind('b')) << order;
    EXPECT_LT(order.find('b'), order.rfind('a')) << order;
    EXPECT_LT(order.find('b'), 10) << order;
    EXPECT_LT(order.find('a'), 10) << order;
}

TEST(TcpTransport, ClosesTheConnectionOnABadFrame) {
    const auto with = [](std::size_t at, char byte) {
        auto bytes = kHello;
        bytes[at] = byte;
        return bytes;
    };
    const std::vector<std::pair<std::string, std::string>> frames = {
        {"too long", with(1, '\2')},
        {"huge", with(0, '\x7f')},
        {"too short", "\0\0\0\x08"s + kHello.substr(4)},
        {"an answer", with(12, '\1')},
        {"no such kind", with(12, '\xff')},
        {"name longer than the frame", with(13, '\xc8')},
        {"no name", with(13, '\0')},
        {"odd name", with(15, ' ')},
        {"nothing after the kind", "\0\0\0\x09"s + kHello.substr(4, 9)},
        {"HTTP", "POST /hello HTTP/1.1\r\nHost: x\r\n\r\n"},
    };
    Node node("tcp");

    for (const auto& [what, bytes] : frames) {
        Stranger stranger(node.endpoint);
        stranger.say(bytes + kHello);
        EXPECT_EQ(stranger.hear_all(), "") << what;
    }
    EXPECT_EQ(node.desk.delivered(), 0);
}

TEST(TcpTransport, ClosesQuietlyWhereASenderEndsInTheMiddle) {
    Node node("tcp");
    Stranger stranger(node.endpoint);

    stranger.say(kHello + kHello.substr(0, 9));
    stranger.end();

    EXPECT_EQ(stranger.hear_all(), answer_frame('\x2a', '\1', "echo {}"));
    EXPECT_EQ(node.desk.delivered(), 1);
}

TEST(TcpTransport, ReadsNoMoreFromWhoTakesNoAnswers) {
    const auto clerk = [](const Request&, const Respond& respond) {
        respond({Kind::ok, std::string(60'000, 'x')});
    };
    Node node("tcp", clerk, "127.0.0.1:0");
    Stranger greedy(node.endpoint);
    std::string bytes;
    for (int n = 0; n < 1000; ++n) bytes += kHello;

    greedy.say(bytes);

    const auto heard = greedy.hear(4 + 9 + 60'000);  // and takes no more for now
    EXPECT_GE(heard.size(), 4U + 9 + 60'000);
    Node sender("tcp");
    EXPECT_EQ(await(ask(*sender.transport, node.endpoint, request("hello"))).kind, Kind::ok);
    EXPECT_LT(node.desk.delivered(), 1000);
}

TEST(TcpTransport, SendsManyRequestsOverOneConnection) {
    FalsePeer peer;
    Node sender("tcp");
    std::vector<std::future<Response>> replies;
    for (int n = 0; n < 3; ++n) {
        replies.push_back(ask(*sender.transport, peer.endpoint(), request("hello")));
    }
    auto connection = peer.accept();

    const auto bytes = connection.hear(3 * kHello.size());
    for (const char id : {'\3', '\1', '\2'}) {
        connection.say(answer_frame(id, '\1', std::string(1, static_cast<char>('0' + id))));
    }

    EXPECT_EQ(bytes.substr(12, 9), "\0\5hello{}"s);
    EXPECT_EQ(await(std::move(replies[0])).body, "1");
    EXPECT_EQ(await(std::move(replies[1])).body, "2");
    EXPECT_EQ(await(std::move(replies[2])).body, "3");
}

TEST(TcpTransport, TakesALateOrStrangeAnswerForNobodys) {
    FalsePeer peer;
    Node sender("tcp");
    auto lost = ask(*sender.transport, peer.endpoint(), request("hello"), 50ms);
    auto connection = peer.accept();
    EXPECT_EQ(await(std::move(lost)).kind, Kind::timed_out);

    auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
    auto fresh = peer.accept();
    (void)fresh.hear(kHello.size());
    fresh.say(answer_frame('\1', '\1', "late") + answer_frame('\x63', '\1', "strange") +
              answer_frame('\2', '\1', "right"));

    EXPECT_EQ(await(std::move(reply)).body, "right");
}

}  // namespace
}  // namespace electiond::bench
