// The answers of the http transport to other clients, and to bytes that are not messages.
#include <thread>

#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;

const std::string kPost = "POST /hello HTTP/1.1\r\nHost: x\r\n";

std::string status_of(const std::string& response) {
    return response.substr(0, response.find("\r\n"));
}

// Sends `bytes`, closes its own direction if requested, and returns the whole answer.
std::string say_to(const Node& node, const std::string& bytes, bool end = false) {
    Stranger stranger(node.endpoint);
    stranger.say(bytes);
    if (end) stranger.end();
    return stranger.hear_all();
}

TEST(HttpTransport, AnswersAStrangersPost) {
    Node node("http");

    const auto response =
        say_to(node,
               "POST /vote-request HTTP/1.1\r\nHost: x\r\nContent-Type: text/odd\r\n"
               "Content-Length: 10\r\nConnection: close\r\n\r\n{\"term\":7}");

    EXPECT_EQ(response,
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
              "Connection: close\r\n\r\necho {\"term\":7}");
}

TEST(HttpTransport, ReadsTheNextRequestWithTheSameHead) {
    Node node("http");
    const auto head = kPost + "Content-Length: 4\r\n\r\n";
    Stranger stranger(node.endpoint);

    stranger.say(head + "one!");
    stranger.say(head + "two!");
    stranger.say(head + "th");
    stranger.say("r!");
    // A head that only begins like that one.
    stranger.say(kPost + "Content-Length: 4\r\nConnection: close\r\n\r\nlast");

    const auto all = stranger.hear_all();
    std::size_t at = 0;
    for (const auto* body : {"echo one!", "echo two!", "echo thr!", "echo last"}) {
        at = all.find(body, at);
        ASSERT_NE(at, std::string::npos) << body << " in " << all;
    }
    EXPECT_TRUE(all.ends_with("echo last"));
}

TEST(HttpTransport, GivesEachKindOfAnswerItsStatus) {
    const std::map<std::string, std::pair<Kind, std::string>> kinds = {
        {"bad", {Kind::malformed, "HTTP/1.1 400 Bad Request"}},
        {"odd", {Kind::unknown, "HTTP/1.1 404 Not Found"}},
        {"later", {Kind::busy, "HTTP/1.1 503 Service Unavailable"}}};
    Node node(
        "http",
        [&](const Request& what, const Respond& respond) {
            respond({kinds.at(what.name).first, "{}"});
        },
        "127.0.0.1:0");

    for (const auto& [name, kind] : kinds) {
        const auto response = say_to(node, "POST /" + name +
                                               " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                                               "Connection: close\r\n\r\n{}");
        EXPECT_EQ(status_of(response), kind.second);
    }
}

TEST(HttpTransport, TakesAGetOfStatusAsTheQuery) {
    Drawer drawer;
    Node node("http", drawer.clerk(), "127.0.0.1:0");
    Stranger stranger(node.endpoint);

    stranger.say("GET /status?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto [arrived, respond] = drawer.take();
    respond({Kind::ok, "{}"});

    EXPECT_EQ(arrived.name, "status");
    EXPECT_EQ(arrived.body, "{}");
    EXPECT_EQ(arrived.lane, Lane::query);
    EXPECT_EQ(status_of(stranger.hear_until("{}")), "HTTP/1.1 200 OK");
}

TEST(HttpTransport, KeepsAConnectionForTheNextRequest) {
    Node node("http");
    Stranger stranger(node.endpoint);

    for (int n = 0; n < 3; ++n) {
        stranger.say(kPost + "Content-Length: 2\r\n\r\nn" + std::to_string(n));
        EXPECT_EQ(status_of(stranger.hear_until("echo n" + std::to_string(n))), "HTTP/1.1 200 OK");
    }
}

TEST(HttpTransport, AnswersRequestsThatCameTogetherInTheirOrder) {
    Node node("http");
    std::string bytes;
    for (int n = 0; n < 9; ++n) bytes += kPost + "Content-Length: 2\r\n\r\nn" + std::to_string(n);

    const auto responses = say_to(node, bytes, true);

    std::size_t at = 0;
    for (int n = 0; n < 9; ++n) {
        at = responses.find("echo n" + std::to_string(n), at);
        ASSERT_NE(at, std::string::npos) << n << " in " << responses;
    }
}

TEST(HttpTransport, TakesAPostWithoutLengthAsEmptyAndClosesAfterIt) {
    Node node("http");

    const auto response = say_to(node, kPost + "\r\n" + kPost + "Content-Length: 0\r\n\r\n");

    EXPECT_EQ(status_of(response), "HTTP/1.1 200 OK");
    EXPECT_NE(response.find("Connection: close"), std::string::npos);
    EXPECT_EQ(node.desk.delivered(), 1);
}

TEST(HttpTransport, AnswersAnOldClientWithoutHost) {
    Node node("http");

    const auto response = say_to(node, "POST /hello HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");

    EXPECT_EQ(status_of(response), "HTTP/1.1 200 OK");
}

TEST(HttpTransport, AsksForTheBodyThatAClientHoldsBack) {
    Node node("http");
    Stranger stranger(node.endpoint);

    stranger.say(kPost + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(stranger.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    stranger.say("{}");

    EXPECT_EQ(status_of(stranger.hear_until("echo {}")), "HTTP/1.1 200 OK");
}

TEST(HttpTransport, AnswersAClientThatEndedItsHalf) {
    Node node("http");

    EXPECT_EQ(status_of(say_to(node, kPost + "Content-Length: 2\r\n\r\n{}", true)),
              "HTTP/1.1 200 OK");
}

TEST(HttpTransport, NamesTheMethodsThatItTakes) {
    Node node("http");

    const auto put = say_to(node, "PUT /status HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(put), "HTTP/1.1 405 Method Not Allowed");
    EXPECT_NE(put.find("Allow: GET, POST\r\n"), std::string::npos);
    const auto get = say_to(node, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(get.find("Allow: POST\r\n"), std::string::npos);
    const auto head = say_to(node, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

struct Refusal {
    std::string what;
    std::string bytes;
    std::string status;
};

TEST(HttpTransport, RefusesAHeadOverItsLimit) {
    Node node("http", Limits{.header_bytes = 1024});
    const auto request_of = [](std::size_t length) {
        return "GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " +
               std::string(length, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(status_of(say_to(node, request_of(900))), "HTTP/1.1 200 OK");
    EXPECT_TRUE(status_of(say_to(node, request_of(1000))).starts_with("HTTP/1.1 431"));
}

// After each follows a second request, which must not be handled.
TEST(HttpTransport, RefusesWhatTwoReadersCouldReadInTwoWays) {
    const std::string smuggled =
        "5\r\nPOST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    const std::vector<Refusal> refusals = {
        {"chunked", kPost + "Transfer-Encoding: chunked\r\n\r\n", "411"},
        {"both", kPost + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", "411"},
        {"negative", kPost + "Content-Length: -1\r\n\r\n", "400"},
        {"signed", kPost + "Content-Length: +1\r\n\r\n", "400"},
        {"hex", kPost + "Content-Length: 0x2\r\n\r\n", "400"},
        {"two", kPost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "400"},
        {"list", kPost + "Content-Length: 1, 1\r\n\r\n", "400"},
        {"empty length", kPost + "Content-Length:\r\n\r\n", "400"},
        {"too long", kPost + "Content-Length: 65537\r\n\r\n", "413"},
        {"huge", kPost + "Content-Length: 99999999999999999999999\r\n\r\n", "413"},
        {"blank before colon", kPost + "Content-Length : 1\r\n\r\n", "400"},
        {"folded", kPost + "X: a\r\n b\r\n\r\n", "400"},
        {"bare line end", kPost + "X: a\nTransfer-Encoding: chunked\r\n\r\n", "400"},
        {"no Host", "POST /hello HTTP/1.1\r\n\r\n", "400"},
        {"two Hosts", kPost + "Host: y\r\n\r\n", "400"},
        {"zero byte", kPost + std::string("X: a\0b\r\n\r\n", 10), "400"},
        {"version", "POST /hello HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
        {"not HTTP", "\r\n\r\n", "400"},
        {"no target", "POST\r\n\r\n", "400"},
        {"long head", kPost + "X: " + std::string(17000, 'x'), "431"},
        {"other path", "POST /a/b HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
        {"root", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
        {"browser", kPost + "Origin: http://evil.example\r\n\r\n", "403"},
    };
    Node node("http");

    for (const auto& refusal : refusals) {
        const auto response = say_to(node, refusal.bytes + smuggled);

        EXPECT_TRUE(response.starts_with("HTTP/1.1 " + refusal.status))
            << refusal.what << ": " << response;
        EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos) << refusal.what;
        EXPECT_EQ(response.find("Connection:"), response.rfind("Connection:")) << refusal.what;
    }
    EXPECT_EQ(node.desk.delivered(), 0);
}

TEST(HttpTransport, RefusesABodyThatIsCutShort) {
    Node node("http");

    const auto response = say_to(node, kPost + "Content-Length: 10\r\n\r\n{}", true);

    EXPECT_EQ(status_of(response), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(node.desk.delivered(), 0);
}

TEST(HttpTransport, LetsAClientReadTheRefusalOfABodyThatItStillSends) {
    Node node("http");
    Stranger stranger(node.endpoint);

    stranger.say(kPost + "Content-Length: 500000\r\n\r\n");
    const auto response = stranger.hear_until("}");
    for (int n = 0; n < 10; ++n) stranger.say(std::string(1000, 'x'));  // throws where it is reset

    EXPECT_EQ(status_of(response), "HTTP/1.1 413 Content Too Large");
    EXPECT_EQ(stranger.hear_all(), "");
}

TEST(HttpTransport, AsksAgainWhereAKeptConnectionTurnsOutToBeClosed) {
    FalsePeer peer;
    Node sender("http");
    auto first = ask(*sender.transport, peer.endpoint(), request("hello"));
    auto connection = std::make_unique<Stranger>(peer.accept());
    (void)connection->hear_until("{}");
    connection->say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    EXPECT_EQ(await(std::move(first)).body, "1");

    auto second = ask(*sender.transport, peer.endpoint(), request("hello"));
    (void)connection->hear_until("{}");
    connection.reset();
    auto fresh = peer.accept();
    (void)fresh.hear_until("{}");
    fresh.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");

    EXPECT_EQ(await(std::move(second)).body, "2");
}

TEST(HttpTransport, AsksNotAgainWhereAFreshConnectionIsClosed) {
    FalsePeer peer;
    Node sender("http");

    auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
    (void)peer.accept().hear_until("{}");

    EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable);
}

TEST(HttpTransport, TakesNoLateAnswerForTheNextOne) {
    FalsePeer peer;
    Node sender("http");
    EXPECT_EQ(await(ask(*sender.transport, peer.endpoint(), request("hello"), 50ms)).kind,
              Kind::timed_out);
    auto late = peer.accept();

    auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
    auto fresh = peer.accept();
    late.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    fresh.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh");

    EXPECT_EQ(await(std::move(reply)).body, "fresh");
}

TEST(HttpTransport, ReportsAnAnswerThatIsNone) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nwithout a length",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ncut",
    };
    FalsePeer peer;
    Node sender("http");

    for (const auto& answer : answers) {
        auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
        auto connection = peer.accept();
        connection.say(answer);
        connection.end();

        EXPECT_EQ(await(std::move(reply)).kind, Kind::unreachable) << answer;
    }
}

}  // namespace
}  // namespace electiond::bench
