// What other threads ask of the I/O thread.
#include "common/task_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace electiond::transport {

TaskQueue::TaskQueue() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_ < 0) throw std::system_error(errno, std::generic_category());
}

TaskQueue::~TaskQueue() { ::close(event_); }

bool TaskQueue::post(Task task, std::size_t most) {
    const std::lock_guard lock(mutex_);
    if (closed_ || tasks_.size() >= most) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) ::eventfd_write(event_, 1);
    return true;
}

std::vector<TaskQueue::Task> TaskQueue::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    if (!tasks_.empty()) ::eventfd_read(event_, &count);
    return std::exchange(tasks_, {});
}

std::vector<TaskQueue::Task> TaskQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return std::exchange(tasks_, {});
}

}  // namespace electiond::transport
