// A program that is run at an interval, one run at a time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <electiond/error.h>
#include <electiond/log.h>

#include "common/seldom.h"
#include "exec/program_run.h"

namespace electiond::discovery {

// Logs what a program has written to standard error: a few lines, at most once a minute.
class ErrorsLog {
  public:
    ErrorsLog(std::string title, Log log) : title_(std::move(title)), log_(std::move(log)) {}
    void add(const std::string& errors);

  private:
    std::string title_;
    Log log_;
    Seldom seldom_;
};

// One thread. A run may last longer than the call that has started it. `interval` passes between
// the end of a run and the start of the next one.
class ScheduledProgram {
  public:
    // Receives the output of a run whose exit code was 0. If it throws Error, the run has failed;
    // the Error's text continues "PROGRAM ".
    using Accept = std::function<void(const std::string& output)>;

    // A call waits no longer for a run: less than the 5 s after which the host reports a hanging
    // call.
    static constexpr std::chrono::milliseconds kWaitLimit{4000};

    ScheduledProgram(Command command, std::chrono::milliseconds interval, Accept accept, Log log);

    // Starts a run if one is due, and waits for the run under way. Returns if the last finished run
    // succeeded. Throws Error if it failed, if no run has finished yet, or if a stop is requested.
    void advance(const ProgramInput& input, const std::stop_token& stop);

    // Ends the run under way and forgets the results: the next advance() starts a new run.
    void begin_anew();

    // Ends the run under way.
    void end() { run_.reset(); }

  private:
    void finish(const Finished& finished);
    void start(const ProgramInput& input);

    const Command command_;
    const std::chrono::milliseconds interval_;
    const Accept accept_;
    ErrorsLog errors_log_;
    std::optional<ProgramRun> run_;
    std::chrono::steady_clock::time_point due_{};
    std::optional<Error> fault_;  // of the last finished run
    bool ended_once_ = false;
};

// Throws Error (unavailable) if a stop is requested.
void stop_if_requested(const std::stop_token& stop, const std::string& title);

}  // namespace electiond::discovery
