// Reports to the parent what the case does and how it ends, even if a call never returns.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

#include <io/descriptor.h>

namespace electiond::kit {

// Lines on a descriptor: "> STEP" before each new kind of call, and at the end one of "passed",
// "skipped: REASON" and "failed: REASON". A thread of its own ends the process with "failed" if a
// step takes longer than kStepLimit (not in a debugger), or if the process uses kMemoryLimit more
// than at the start. Any thread.
class Report {
  public:
    static constexpr std::chrono::seconds kStepLimit{12};
    static constexpr std::size_t kMemoryLimit = std::size_t{256} * 1024 * 1024;

    explicit Report(io::Descriptor to);
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;
    ~Report();

    // Begins a step, as in "poll"; its time limit begins with each call.
    void step(const std::string& what);
    // The first verdict counts.
    void passed() { verdict("passed"); }
    void skipped(const std::string& reason) { verdict("skipped: " + reason); }
    void failed(const std::string& reason) { verdict("failed: " + reason); }
    [[nodiscard]] std::string current_step() const;

  private:
    void verdict(std::string line);
    void write_line(std::string line);
    void look();
    void watch(const std::stop_token& stop);

    const io::Descriptor to_;
    const int process_;  // a copy of this process, made by a plugin's fork, must not report
    const std::size_t memory_at_start_;
    mutable std::mutex mutex_;
    std::condition_variable_any ends_;
    std::string step_ = "the start";
    std::chrono::steady_clock::time_point since_;
    bool has_verdict_ = false;
    std::jthread watch_;
};

}  // namespace electiond::kit
