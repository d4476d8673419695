// One thread that runs an event loop: sockets, timers, and tasks from other threads.
#pragma once

#include <io/async.h>
#include <io/readiness.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

// clang-format off
#include <boost/asio/io_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
// clang-format on

namespace electiond::io {

// Deadlines of the loop are absolute, by the monotonic clock.
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
inline constexpr Deadline kNever = Deadline::max();

using Task = std::function<void()>;

// Takes tasks for a loop from any thread, and may outlive it: then it refuses them. Copy it for a
// thread (a name look-up) that reports back.
class Poster {
  public:
    // Runs `task` on the loop's thread, in the order of posting. False, and nothing happens, if the
    // loop has been stopped or `most` tasks wait already.
    bool post(Task task, std::size_t most = SIZE_MAX) const;

  private:
    friend class Loop;
    struct Queue {
        std::mutex mutex;
        boost::asio::io_context* context = nullptr;  // null once the loop accepts no more tasks
        std::size_t waiting = 0;
    };
    explicit Poster(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
    std::shared_ptr<Queue> queue_;
};

// Owns its thread. start() and stop() once each, by one thread; post() from any; the rest on the
// loop's thread, or before start().
// How a loop ends: the owners of listeners, streams and timers close them on the loop's thread (in
// the task given to stop()); then each coroutine ends, and after the last one the loop.
// An object that coroutines refer to must not be destroyed before stop() has returned.
class Loop {
  public:
    // Opens the descriptors it needs (epoll, eventfd, timerfd). Throws std::system_error if there
    // are none. `failed` is called on the loop's thread with each exception that leaves a task or a
    // coroutine, which is a bug of theirs; the loop goes on.
    explicit Loop(std::function<void(const std::exception&)> failed);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    void start();

    // Runs `last` on the loop's thread after all tasks posted before, refuses further tasks, waits
    // until all coroutines and timers have ended, and joins the thread. Idempotent. A loop that was
    // never started runs all this on the calling thread.
    void stop(Task last = {}) noexcept;

    [[nodiscard]] Poster poster() const { return Poster(queue_); }
    bool post(Task task) const { return poster().post(std::move(task)); }

    // Starts a coroutine; it runs up to its first suspension when the loop turns.
    void spawn(Async<> coroutine);

    // Resumes after everything else that is ready has had its turn: for a coroutine that may have
    // much to do without ever waiting.
    [[nodiscard]] Async<> next_turn();

    // For core/io alone.
    [[nodiscard]] boost::asio::io_context& context() { return context_; }
    [[nodiscard]] Readiness& readiness() { return readiness_; }
    // Where input is read before it is copied to its stream: one buffer for all of them.
    [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), kScratch}; }

  private:
    static constexpr std::size_t kScratch = std::size_t{64} * 1024;
    void run() noexcept;

    const std::function<void(const std::exception&)> failed_;
    boost::asio::io_context context_{1};
    Readiness readiness_{context_};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::shared_ptr<Poster::Queue> queue_;
    std::unique_ptr<char[]> scratch_ = std::make_unique<char[]>(kScratch);
    std::thread thread_;
    bool stopped_ = false;
};

}  // namespace electiond::io
