// What other threads ask of the I/O thread.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace electiond::transport {

// Shared by the transport and everything it has handed out (each Respond): so one that is called
// late finds a closed queue, not a dead transport. All calls from any thread.
class TaskQueue {
  public:
    using Task = std::function<void()>;

    TaskQueue();
    TaskQueue(const TaskQueue&) = delete;
    TaskQueue& operator=(const TaskQueue&) = delete;
    ~TaskQueue();

    // Has the I/O thread run `task` soon. False where it is closed, or where `most` already wait.
    [[nodiscard]] bool post(Task task, std::size_t most = kUnlimited);
    // Takes what waits, in order.
    [[nodiscard]] std::vector<Task> take();
    // As take(), and nothing is taken on after it.
    [[nodiscard]] std::vector<Task> close();
    // Readable while something waits.
    [[nodiscard]] int fd() const noexcept { return event_; }

  private:
    static constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);

    const int event_;
    std::mutex mutex_;
    std::vector<Task> tasks_;
    bool closed_ = false;
};

}  // namespace electiond::transport
