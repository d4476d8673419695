// The control API with slow, greedy or very many clients: deadlines, limits, who gives way.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(Server, CutsAClientThatDripsOrSaysNothing) {
    restart([](auto& limits) { limits.request_time = limits.idle_time = 300ms; });
    EXPECT_EQ(connect().all(), "");
    EXPECT_EQ(kept().all(), "") << "idle after a request";
    expect_end(told("GET /status HTTP/1.1\r\nHost:"), 408);
    expect_end(told(request("POST /step-down", "Content-Length: 5\r\n") + "{"), 408);

    // Single bytes do not extend the time: the request has one deadline.
    auto client = connect();
    std::promise<void> over;
    std::thread drip([&, done = over.get_future()] {
        while (done.wait_for(20ms) == std::future_status::timeout) client.send("x");
    });
    const auto answer = client.all();
    over.set_value();
    drip.join();
    expect_end(answer, 408);
    EXPECT_EQ(server->counts().late, 3U);
}

// The deadline of a request begins with its first byte, not with the connection.
TEST_F(Server, LetsAConnectionBeIdleForLongerThanARequestMayTake) {
    restart([](auto& limits) { limits.request_time = 100ms; });
    auto client = kept();
    EXPECT_FALSE(client.is_answered(300ms));
    EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, AnswersAtOnceWhateverOthersHold) {
    std::vector<Client> others;
    for (int i = 0; i < 100; ++i) {
        others.push_back(kept());
        others.push_back(std::move(connect().send("GET /leader HTTP/1.1\r\nX:")));
    }
    for (auto& each : others) each.send("x");

    Duration quickest = livez();
    for (int i = 0; i < 4; ++i) quickest = std::min(quickest, livez());

    EXPECT_LT(quickest, 100ms);
    EXPECT_EQ(server->counts(0).evicted, 0U);
}

TEST_F(Server, ClosesTheConnectionIdleForLongestWhenItIsFull) {
    restart([](auto& limits) { limits.connections = 4; });
    std::vector<Client> idle;
    for (int i = 0; i < 4; ++i) idle.push_back(kept());
    EXPECT_THAT(idle[0].send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));

    auto newcomer = kept();

    EXPECT_EQ(idle[1].all(), "") << "it was idle for longest";
    for (const int stays : {0, 2, 3}) {
        EXPECT_THAT(idle[static_cast<std::size_t>(stays)].send(request("GET /status")).answer(),
                    StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(server->counts(0).evicted, 1U);
}

TEST_F(Server, RefusesWithARetryAfterWhenAllAreBusy) {
    restart([](auto& limits) { limits.connections = 3; });
    std::vector<Client> polls;
    for (int i = 0; i < 3; ++i) {
        polls.push_back(std::move(kept().send(request("GET /leader?wait=60s"))));
    }
    // Until all three are parked, a connection that does not wait yet is closed first.
    while (routes->streams() < 3) std::this_thread::yield();

    const auto refused = told(request("GET /status"));

    expect_end(refused, 503);
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_EQ(server->counts(0).refused_full, 1U);
    for (auto& poll : polls) EXPECT_FALSE(poll.is_answered());
}

TEST_F(Server, RefusesCommandsBeyondThoseThatMayWait) {
    std::atomic<int> posted = 0;
    mailbox = [&](const Event&) {
        ++posted;
        return true;
    };
    restart([](auto& limits) { limits.waiting_requests = 2; });
    std::vector<Client> waiting;
    for (int i = 0; i < 2; ++i) {
        waiting.push_back(
            std::move(connect().send(request("POST /step-down", "Content-Length: 0\r\n"))));
    }
    while (posted < 2) std::this_thread::yield();

    const auto refused = connect().send(request("POST /leave", "Content-Length: 0\r\n")).answer();

    expect_refusal(refused, 503);
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_EQ(posted, 2);
    EXPECT_EQ(routes->waiting_refused(), 1U);
}

TEST_F(Server, CutsAClientThatReadsNoAnswer) {
    for (Term term = 1; term <= Journal::kKept; ++term) {  // some 150 KB for each answer
        journal.note(now, LeaderGained{.leader = {NodeUuid("uuid-1"), NodeId("1"), term}});
    }
    write_limit = 200ms;
    start({Endpoint{"127.0.0.1", 0}});
    auto client = connect();
    for (int i = 0; i < 100; ++i) client.send(request("GET /history"));

    const auto asked = read_boot_clock();
    while (server->counts().not_taken == 0 && read_boot_clock() - asked < 30s) settle();

    EXPECT_EQ(server->counts().not_taken, 1U);
}

TEST_F(Server, WithstandsManyAtOnce) {
    std::vector<std::future<int>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::async(std::launch::async, [this] {
            auto client = connect();
            int good = 0;
            for (int n = 0; n < 50; ++n) {
                client.send(request("GET /leader"));
                good += client.answer().starts_with("HTTP/1.1 503 ") ? 1 : 0;
            }
            return good;
        }));
    }
    for (auto& each : clients) EXPECT_EQ(each.get(), 50);
}

}  // namespace
}  // namespace electiond::testing
