// One thread that runs an event loop: sockets, timers, and tasks from other threads.
#include <io/loop.h>

// clang-format off
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
// clang-format on

#include <stdexcept>
#include <utility>

namespace electiond::io {

bool Poster::post(Task task, std::size_t most) const {
    const std::lock_guard lock(queue_->mutex);
    if (queue_->context == nullptr || queue_->waiting >= most) return false;
    boost::asio::post(*queue_->context, [queue = queue_.get(), task = std::move(task)] {
        {
            const std::lock_guard counting(queue->mutex);
            --queue->waiting;
        }
        task();
    });
    ++queue_->waiting;  // the task, which counts down, needs the lock first
    return true;
}

Loop::Loop(std::function<void(const std::exception&)> failed)
    : failed_(std::move(failed)),
      work_(context_.get_executor()),
      queue_(std::make_shared<Poster::Queue>()) {
    queue_->context = &context_;
}

Loop::~Loop() { stop(); }

void Loop::start() {
    thread_ = std::thread([this] { run(); });
}

void Loop::run() noexcept {
    for (;;) {
        try {
            context_.run();
            return;
        } catch (const std::exception& error) {
            failed_(error);
        } catch (...) {
            failed_(std::runtime_error("it threw something that is not a std::exception"));
        }
    }
}

void Loop::stop(Task last) noexcept {
    if (std::exchange(stopped_, true)) return;
    if (last) (void)post(std::move(last));
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->context = nullptr;
    }
    work_.reset();
    if (thread_.joinable())
        thread_.join();
    else
        run();
}

Async<> Loop::next_turn() { co_await boost::asio::post(context_, boost::asio::use_awaitable); }

void Loop::spawn(Async<> coroutine) {
    boost::asio::co_spawn(context_, std::move(coroutine), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);  // caught in run()
    });
}

}  // namespace electiond::io
