// One thread that runs an event loop: sockets, timers, and tasks from other threads.
#include <io/loop.h>
#include <io/timespec.h>

// clang-format off
#include <boost/asio/co_spawn.hpp>
// clang-format on

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace electiond::io {

bool Poster::post(Task task, std::size_t most) const {
    bool asleep = false;
    {
        const std::lock_guard lock(queue_->mutex);
        if (!queue_->open || queue_->tasks.size() >= most) return false;
        queue_->tasks.push_back(std::move(task));
        asleep = std::exchange(queue_->asleep, false);
    }
    if (asleep) queue_->wake_up();
    return true;
}

bool Poster::run_or_post(Task task, std::size_t most) const {
    return run_now(task) || post(std::move(task), most);
}

bool Poster::run_now(Task& task) const {
    std::unique_lock turn(queue_->turn, std::defer_lock);
    {
        const std::lock_guard lock(queue_->mutex);
        // Never waits for the loop. This thread does not hold `turn`: the loop would be awake.
        const bool may_run = queue_->open && queue_->asleep && !queue_->woken;
        if (may_run && turn.try_lock()) queue_->asleep = false;
    }
    if (!turn) return false;
    auto wake = queue_->loop->run_for_another(task);
    {
        const std::lock_guard lock(queue_->mutex);
        wake = wake || !queue_->tasks.empty() || !queue_->open;
        if (queue_->woken)
            wake = false;  // it comes anyway, as soon as it has its turn
        else
            queue_->asleep = !wake;
    }
    turn.unlock();
    if (wake) queue_->wake_up();
    return true;
}

void Poster::Queue::wake_up() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
}

Loop::Loop(Failed failed)
    : failed_(std::move(failed)), readiness_(failed_), queue_(std::make_shared<Poster::Queue>()) {
    queue_->wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!queue_->wake.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
    alarm_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!alarm_.open()) throw std::system_error(errno, std::generic_category(), "timerfd");
    readiness_.watch_wake_ups(queue_->wake.get());
    readiness_.watch_wake_ups(alarm_.get());
    queue_->loop = this;
}

Loop::~Loop() { stop(); }

void Loop::start() {
    thread_ = std::thread([this] { run(); });
}

void Loop::run() noexcept {
    std::unique_lock turn(queue_->turn);
    while (take_turn(turn)) {
    }
}

// Runs what is ready, waits, and handles what has happened. False: everything has ended.
bool Loop::take_turn(std::unique_lock<std::mutex>& turn) {
    run_ready_coroutines();
    const bool is_busy = readiness_.has_cancelled() || !next_.empty();
    wakes_at_ = is_busy ? Deadline::min() : timers_.earliest();
    auto calls = std::exchange(after_turn_, {});
    {
        const std::lock_guard lock(queue_->mutex);
        if (!queue_->tasks.empty() || (!queue_->open && !calls.empty())) {
            wakes_at_ = Deadline::min();
        } else if (!queue_->open && has_ended()) {
            return false;
        }
        queue_->asleep = wakes_at_ != Deadline::min();
    }
    readiness_.wait(wakes_at_, turn, queue_->woken, [&] {
        for (auto& each : calls) {
            const auto call = std::move(each);  // ends before the wait
            guarded(failed_, call);
        }
    });
    run_tasks();
    readiness_.handle();
    if (timers_.earliest() != kNever) timers_.call_due(Clock::now(), failed_);
    readiness_.end_cancelled();
    resume_next();
    return true;
}

bool Loop::has_ended() {
    return wakes_at_ == kNever && context_.stopped() && !readiness_.has_calls();
}

// Tasks that these post have their turn after everything else that is ready.
void Loop::run_tasks() {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->asleep = false;
        tasks.swap(queue_->tasks);
    }
    for (auto& each : tasks) {
        const auto task = std::move(each);  // ends with its call
        guarded(failed_, task);
    }
}

// Runs a task while the loop sleeps. True: the loop has something to do now.
bool Loop::run_for_another(Task& task) noexcept {
    guarded(failed_, task);
    task = nullptr;  // what it holds may belong to the loop, too
    if (timers_.earliest() < wakes_at_) set_alarm(timers_.earliest());
    return has_spawned_ || readiness_.has_cancelled() || !after_turn_.empty();
}

// The loop sleeps, and must wake earlier than it knows.
void Loop::set_alarm(Deadline when) noexcept {
    const auto since_boot = std::max(when.time_since_epoch(), Deadline::duration{1});  // 0: never
    const itimerspec at{.it_interval = {}, .it_value = timespec_of(since_boot)};
    ::timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
    wakes_at_ = when;
}

// Coroutines that were spawned, and those that have ended. `context_` stops if none are left.
void Loop::run_ready_coroutines() {
    has_spawned_ = false;
    if (context_.stopped()) context_.restart();
    for (bool is_done = false; !is_done;) {
        guarded(failed_, [&] {
            context_.poll();
            is_done = true;
        });
    }
}

void Loop::resume_next() {
    for (auto& each : std::exchange(next_, {})) guarded(failed_, [&each] { each(); });
}

void Loop::stop(Task last) noexcept {
    if (std::exchange(stopped_, true)) return;
    {
        const std::lock_guard lock(queue_->mutex);
        if (last) queue_->tasks.push_back(std::move(last));
        queue_->open = false;
    }
    queue_->wake_up();
    if (thread_.joinable())
        thread_.join();
    else
        run();
}

Async<> Loop::next_turn() {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this](Resume handler) { next_.push_back(std::move(handler)); },
        boost::asio::use_awaitable);
}

void Loop::spawn(Async<> coroutine) {
    has_spawned_ = true;
    boost::asio::co_spawn(context_, std::move(coroutine), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);  // caught in run_ready_coroutines()
    });
}

}  // namespace electiond::io
