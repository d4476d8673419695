// What waits in the control API: long polls and commands, also if the client or the server ends.
#include <gmock/gmock.h>
#include <io/descriptor_limit.h>

#include <algorithm>
#include <future>
#include <thread>

#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(Server, AnswersLongPollsAtOnceBeyondTheirLimit) {
    restart([](auto& limits) { limits.streams = 2; });
    std::vector<Client> polls;
    for (int i = 0; i < 2; ++i)
        polls.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
    while (routes->streams() < 2) std::this_thread::yield();

    EXPECT_THAT(connect().send(request("GET /leader?wait=60s")).answer(),
                StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(routes->streams_refused(), 1U);
    for (auto& poll : polls) EXPECT_FALSE(poll.is_answered());
}

TEST_F(Server, WakesAThousandLongPollsByOneChange) {
    constexpr std::size_t kPolls = 1000;
    if (io::raise_descriptor_limit() < 2 * kPolls + 200) GTEST_SKIP() << "too few descriptors here";
    std::vector<Client> polls;
    for (std::size_t i = 0; i < kPolls; ++i) {
        polls.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
    }
    while (routes->streams() < kPolls) std::this_thread::yield();
    EXPECT_TRUE(std::ranges::none_of(polls, [](auto& each) { return each.is_answered(); }));

    auto status = blank();
    ++status.index;
    board.publish(status);

    const auto news = "\"index\":" + std::to_string(status.index);
    EXPECT_TRUE(std::ranges::all_of(
        polls, [&](auto& each) { return each.answer().find(news) != std::string::npos; }));
    EXPECT_EQ(routes->streams(), 0U);
}

// The loop hangs: nothing is published, and the lease runs out.
TEST_F(Server, EndsALongPollWithTheLease) {
    auto status = leading();
    status.leadership.lease_until = read_boot_clock() + 300ms;
    board.publish(status);
    auto client = connect();
    client.send(request("GET /leader?wait=60s"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_GE(read_boot_clock(), status.leadership.lease_until);
}

TEST_F(Server, KeepsALongPollWhoseLeaseIsRenewed) {
    auto status = leading();
    status.leadership.lease_until = read_boot_clock() + 100ms;
    board.publish(status);
    auto client = connect();
    client.send(request("GET /leader?wait=500ms"));
    while (routes->streams() == 0) std::this_thread::yield();
    status.leadership.lease_until = read_boot_clock() + 1h;
    board.publish(status);
    const auto asked = read_boot_clock();
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_GE(read_boot_clock() - asked, 300ms);
}

TEST_F(Server, GivesUpALongPollWhoseClientHungUp) {
    for (int i = 0; i < 8; ++i) connect().send(request("GET /leader?wait=60s"));
    auto stays = connect();
    stays.send(request("GET /leader?wait=60s"));
    // The last of them has come when it waits, and it waits alone then.
    while (routes->streams() != 1) std::this_thread::yield();
    EXPECT_FALSE(stays.is_answered());
}

// A client that has closed its own direction still gets the outcome of its command.
TEST_F(Server, AnswersACommandOfAClientThatSendsNoMore) {
    std::promise<CommandArrived> posted;
    mailbox = [&](Event event) {
        posted.set_value(std::move(std::get<CommandArrived>(event)));
        return true;
    };
    auto client = connect();
    client.send(request("POST /step-down", "Content-Length: 0\r\n")).send_no_more();
    const auto command = posted.get_future().get();
    settle();
    command.done({.successor = NodeId("2"), .term = 8});
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
}

// The command continues; its outcome comes when no client waits any more.
TEST_F(Server, OutlivesTheOutcomeOfACommandWhoseClientHungUp) {
    std::promise<CommandArrived> posted;
    mailbox = [&](Event event) {
        posted.set_value(std::move(std::get<CommandArrived>(event)));
        return true;
    };
    std::optional<CommandArrived> command;
    {
        auto client = connect();
        client.send(request("POST /step-down", "Content-Length: 0\r\n"));
        command = posted.get_future().get();
    }
    settle();
    command->done({.term = 8});
    settle();
    server->stop();
    command->done({.term = 8});  // not even the server is there
}

TEST_F(Server, StopsAtOnceAndAnswersWhatWaits) {
    auto polling = connect();
    polling.send(request("GET /leader?wait=60s"));
    while (routes->streams() == 0) std::this_thread::yield();
    auto idle = kept();
    auto half = connect();
    half.send(request("GET /status") + "GET /status HTTP/1.1\r\nHo");
    EXPECT_THAT(half.answer(), StartsWith("HTTP/1.1 200"));

    const auto begin = std::chrono::steady_clock::now();
    server->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);  // 5 s and 60 s are what it cut short

    EXPECT_THAT(polling.all(), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(idle.all(), "");
    EXPECT_THAT(half.all(), Not(HasSubstr("200 OK")));
    server->stop();
}

TEST_F(Server, StopsInTimeWithManyConnectionsInEachState) {
    std::vector<Client> clients;
    const std::string unread = request("GET /status") + request("GET /status");
    for (int i = 0; i < 100; ++i) {
        clients.push_back(connect());
        clients.push_back(kept());
        clients.push_back(std::move(connect().send("GET /status HTTP/1.1\r\nHo")));
        clients.push_back(
            std::move(connect().send(request("POST /step-down", "Content-Length: 5\r\n") + "{")));
        clients.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
        clients.push_back(std::move(connect().send("nonsense\r\n")));  // lingers
    }
    while (routes->streams() < 100) std::this_thread::yield();

    const auto begin = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "250 ms are its limit";
    for (std::size_t i = 4; i < clients.size(); i += 6) {
        EXPECT_THAT(clients[i].all(), StartsWith("HTTP/1.1 503"));
    }
}

// A refused client has a second to read the answer, but not while the server stops.
TEST_F(Server, StopsAtOnceWhateverWasRefused) {
    restart([](auto& limits) { limits.connections = 1; });
    auto poll = connect();
    poll.send(request("GET /leader?wait=60s"));
    while (routes->streams() == 0) std::this_thread::yield();
    std::vector<Client> refused;
    for (int i = 0; i < 8; ++i) {
        refused.push_back(connect());
        expect_refusal(refused.back().answer(), 503);
    }

    const auto begin = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 600ms);
}

TEST_F(Server, StopsWithoutHavingStarted) {
    ControlServer idle({Endpoint{"127.0.0.1", 0}}, {}, Log{});
    idle.stop();
    const ControlServer never({Endpoint{"127.0.0.1", 0}}, {}, Log{});
}

}  // namespace
}  // namespace electiond::testing
