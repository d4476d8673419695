// Where log lines wait for their writer.
#include "log_queue.h"

#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace electiond {
namespace {

std::size_t size_of(const LogLine& line) {
    std::size_t bytes = sizeof(TimedLine) + line.text.size();
    for (const auto& field : line.fields) {
        bytes += sizeof(LogField) + field.key.size();
        if (const auto* text = std::get_if<std::string>(&field.value)) bytes += text->size();
    }
    return bytes;
}

}  // namespace

bool LogQueue::push(LogLine line) noexcept try {
    const auto size = size_of(line);
    const std::size_t part = line.level >= LogLevel::warning ? 4 : 3;
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || lines_.size() >= kLines / 4 * part) return false;
        if (bytes_ + size > kBytes / 4 * part) return false;
        lines_.push_back({std::chrono::system_clock::now(), std::move(line)});
        bytes_ += size;
    }
    changed_.notify_one();
    return true;
} catch (const std::exception&) {
    return false;
}

std::optional<TimedLine> LogQueue::take_until(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, end, [this] { return closed_ || !lines_.empty(); });
    if (lines_.empty()) return std::nullopt;
    auto taken = std::move(lines_.front());
    lines_.pop_front();
    bytes_ -= size_of(taken.line);
    return taken;
}

void LogQueue::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
}

bool LogQueue::closed() const noexcept {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace electiond
