// Calls that a loop makes when its turn has ended: while another thread may have the next one.
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <io/loop.h>

#include "scene.h"

namespace electiond::io {
namespace {

void fails(const std::exception& error) { ADD_FAILURE() << error.what(); }

// A task that a call posts there runs at once, as does that of a thread which a call wakes.
TEST(AfterTurn, CallsAreMadeInOrderWithTheTurnGivenAway) {
    Loop loop(fails);
    loop.start();
    std::vector<std::string> order;
    std::promise<void> over;
    EXPECT_TRUE(scene::soon([&] {
        order.clear();
        over = {};
        loop.post([&] {
            loop.after_turn([&] {
                order.emplace_back("call");
                loop.poster().run_or_post([&] { order.emplace_back("its task"); });
            });
            loop.after_turn([&] {
                std::thread([&] {
                    loop.poster().run_or_post([&] { order.emplace_back("of another thread"); });
                }).join();
                order.emplace_back("last call");
                over.set_value();
            });
            order.emplace_back("turn");
        });
        over.get_future().wait();
        return order.size() == 5;  // with other tasks, the loop has no time to give its turn away
    }));
    loop.stop();
    EXPECT_EQ(order, (std::vector<std::string>{"turn", "call", "its task", "of another thread",
                                               "last call"}));
}

TEST(AfterTurn, ACallIsDroppedBeforeTheLoopSleeps) {
    Loop loop(fails);
    loop.start();
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    loop.post([&loop, held = std::move(held)] { loop.after_turn([held] {}); });
    EXPECT_TRUE(scene::soon([&] { return watched.expired(); }));
    loop.stop();
}

TEST(AfterTurn, TheCallsOfTheLastTurnAreMade) {
    Loop loop(fails);
    loop.start();
    std::vector<int> made;
    loop.stop([&] {
        loop.after_turn([&] {
            made.push_back(1);
            EXPECT_FALSE(loop.post([] { ADD_FAILURE(); }));
        });
        loop.after_turn([&] { made.push_back(2); });
    });
    EXPECT_EQ(made, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace electiond::io
