// One thread that runs an event loop: sockets, timers, and tasks from other threads.
#pragma once

#include <io/async.h>
#include <io/clock.h>
#include <io/guarded.h>
#include <io/readiness.h>
#include <io/timers.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

// clang-format off
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
// clang-format on

namespace electiond::io {

using Task = std::function<void()>;

class Loop;

// Takes tasks for a loop from any thread, and may outlive it: then it refuses them. Copy it for a
// thread (a name look-up) that reports back.
class Poster {
  public:
    // Runs `task` on the loop's thread, in the order of posting. False, and nothing happens, if the
    // loop has been stopped or `most` tasks wait already.
    bool post(Task task, std::size_t most = SIZE_MAX) const;

    // If the loop sleeps and has nothing else to do, runs `task` at once on the calling thread
    // while the loop stands still, which saves the loop from being woken. Else as post(). So for
    // short tasks that never block. Tasks run in the order of posting, whichever call posts them.
    bool run_or_post(Task task, std::size_t most = SIZE_MAX) const;

    // Of run_or_post() the first half, for a task that refers to what the caller has. False, and
    // nothing happens, if the loop does not sleep; else `task` is empty afterwards.
    [[nodiscard]] bool run_now(Task& task) const;

  private:
    friend class Loop;
    struct Queue {
        // Held by the thread that runs what belongs to the loop: the loop's own except while it
        // waits. Is taken before `mutex`.
        std::mutex turn;
        Loop* loop = nullptr;  // under `turn`; while `asleep`, it exists

        std::mutex mutex;  // of the following three
        std::vector<Task> tasks;
        bool open = true;     // the loop accepts tasks
        bool asleep = false;  // the loop waits, or is about to: the next task must wake it

        std::atomic<bool> woken = true;  // the loop does not wait any more, and wants its `turn`
        Descriptor wake;                 // an eventfd

        void wake_up() const noexcept;
    };
    explicit Poster(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
    std::shared_ptr<Queue> queue_;
};

// Owns its thread. start() and stop() once each, by one thread; post() from any; the rest on the
// loop's thread (or in a task of Poster::run_or_post(), which counts as that), or before start().
// How a loop ends: the owners of listeners, streams and timers close them on the loop's thread (in
// the task given to stop()); then each coroutine ends, and after the last one the loop.
// An object that coroutines refer to must not be destroyed before stop() has returned.
class Loop {
  public:
    // Opens the descriptors it needs (epoll, eventfd, timerfd). Throws std::system_error if there
    // are none. After an exception that it reports to `failed`, the loop goes on.
    explicit Loop(Failed failed);
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

    // Calls `call` when this turn of the loop has ended, in the order of these calls. By then
    // another thread may have the next turn, so: for calls out of the loop that may wake a thread
    // which sends something at once. It can do so then by Poster::run_or_post(), instead of waiting
    // until this thread is scheduled again. `call` must not touch what belongs to the loop.
    void after_turn(Task call) { after_turn_.push_back(std::move(call)); }

    // For core/io alone.
    [[nodiscard]] Readiness& readiness() { return readiness_; }
    [[nodiscard]] Timers& timers() { return timers_; }
    // Where input is read before it is copied to its stream: one buffer for all of them.
    [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), kScratch}; }

  private:
    friend class Poster;
    static constexpr std::size_t kScratch = std::size_t{64} * 1024;
    using Resume = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;

    void run() noexcept;
    [[nodiscard]] bool take_turn(std::unique_lock<std::mutex>& turn);
    [[nodiscard]] bool has_ended();
    [[nodiscard]] bool run_for_another(Task& task) noexcept;
    void set_alarm(Deadline when) noexcept;
    void run_tasks();
    void run_ready_coroutines();
    void resume_next();

    const Failed failed_;
    Timers timers_;
    Readiness readiness_;
    // Runs coroutines when they start and end. It waits for nothing, so it has no reactor.
    boost::asio::io_context context_{1};
    std::shared_ptr<Poster::Queue> queue_;
    std::vector<Resume> next_;      // in next_turn()
    std::vector<Task> after_turn_;  // calls for its end
    bool has_spawned_ = false;      // coroutines that have not begun
    Deadline wakes_at_{};           // while it sleeps
    Descriptor alarm_;              // a timerfd: wakes it earlier than it knew when it fell asleep
    // Not set to zero: only the pages that input has filled are in memory.
    std::unique_ptr<char[]> scratch_ = std::make_unique_for_overwrite<char[]>(kScratch);
    std::thread thread_;
    bool stopped_ = false;
};

}  // namespace electiond::io
