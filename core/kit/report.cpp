// Reports to the parent what the case does and how it ends, even if a call never returns.
#include "kit/report.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "kit/process.h"

namespace electiond::kit {
namespace {

constexpr std::chrono::milliseconds kLookEvery{25};

}  // namespace

Report::Report(io::Descriptor to)
    : to_(std::move(to)),
      process_(::getpid()),
      memory_at_start_(resident_bytes()),
      since_(std::chrono::steady_clock::now()),
      watch_([this](const std::stop_token& stop) { watch(stop); }) {}

Report::~Report() {
    watch_.request_stop();
    watch_.join();
}

void Report::step(const std::string& what) {
    const std::lock_guard lock(mutex_);
    since_ = std::chrono::steady_clock::now();
    if (what == step_) return;
    step_ = what;
    write_line("> " + what);
}

std::string Report::current_step() const {
    const std::lock_guard lock(mutex_);
    return step_;
}

void Report::verdict(std::string line) {
    const std::lock_guard lock(mutex_);
    if (has_verdict_) return;
    has_verdict_ = true;
    write_line(std::move(line));
}

// Writes one line, even if the text of a plugin's error has line breaks.
void Report::write_line(std::string line) {
    if (::getpid() != process_) std::_Exit(1);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    line += '\n';
    for (std::size_t done = 0; done < line.size();) {
        const auto count = ::write(to_.get(), line.data() + done, line.size() - done);
        if (count <= 0) return;
        done += static_cast<std::size_t>(count);
    }
}

void Report::look() {
    const bool late = std::chrono::steady_clock::now() - since_ > kStepLimit && !is_traced_now();
    const bool large = !kSanitized && resident_bytes() > memory_at_start_ + kMemoryLimit;
    if (has_verdict_ ? !late : !late && !large) return;
    if (!has_verdict_) {
        write_line("failed: " + step_ +
                   (late ? " has not returned within " + std::to_string(kStepLimit.count()) + " s"
                         : " uses more than " + std::to_string(kMemoryLimit / 1024 / 1024) +
                               " MiB of memory"));
    }
    std::_Exit(1);
}

void Report::watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        (void)ends_.wait_for(lock, stop, kLookEvery, [] { return false; });
        look();
    }
}

}  // namespace electiond::kit
