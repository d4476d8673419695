// A program that is run at an interval: when a run is due, and what a failed run means.
#include "exec/scheduled_program.h"

#include <algorithm>
#include <utility>

#include <electiond/wording.h>

namespace electiond::discovery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLinesLogged = 10;
constexpr std::size_t kLineLogged = 300;  // bytes

}  // namespace

void stop_if_requested(const std::stop_token& stop, const std::string& title) {
    if (stop.stop_requested()) throw Error("stopped while it ran " + title, Error::unavailable);
}

void ErrorsLog::add(const std::string& errors) {
    if (errors.find_first_not_of(" \t\r\n") == std::string::npos) return;
    const auto before = seldom_.count(Clock::now());
    if (!before) return;
    int lines = 0;
    for (std::size_t at = 0; at < errors.size();) {
        const auto end = std::min(errors.find('\n', at), errors.size());
        const auto line = errors.substr(at, end - at);
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (++lines > kLinesLogged) {
            log_.info(title_ + " wrote more lines to standard error");
            return;
        }
        log_.info(title_ + " wrote to standard error" + (lines == 1 ? repeated(*before) : ""),
                  {{"line", on_one_line(line.substr(0, kLineLogged))}});
    }
}

ScheduledProgram::ScheduledProgram(Command command, std::chrono::milliseconds interval,
                                   Accept accept, Log log)
    : command_(std::move(command)),
      interval_(interval),
      accept_(std::move(accept)),
      errors_log_(command_.title, std::move(log)) {}

void ScheduledProgram::advance(const ProgramInput& input, const std::stop_token& stop) {
    stop_if_requested(stop, command_.title);
    if (!run_ && Clock::now() >= due_) start(input);
    if (run_) {
        const auto finished = run_->wait(kWaitLimit, stop);
        if (finished) finish(*finished);
        if (!finished) stop_if_requested(stop, command_.title);
    }
    if (fault_) throw Error(*fault_);
    if (ended_once_) return;
    throw Error(command_.title + " has not ended yet; wait, or make it faster", Error::unavailable);
}

void ScheduledProgram::start(const ProgramInput& input) {
    try {
        run_.emplace(command_, input);
    } catch (const Error& error) {
        fault_ = error;
        due_ = Clock::now() + interval_;
    }
}

void ScheduledProgram::finish(const Finished& finished) {
    run_.reset();
    due_ = Clock::now() + interval_;
    ended_once_ = true;
    fault_.reset();
    errors_log_.add(finished.errors);
    if (!finished.fault.empty()) {
        fault_.emplace(finished.fault, Error::unavailable);
        return;
    }
    try {
        accept_(finished.output);
    } catch (const Error& error) {
        fault_.emplace(command_.title + " " + error.what(), error.code());
    }
}

void ScheduledProgram::begin_anew() {
    end();
    due_ = {};
    fault_.reset();
    ended_once_ = false;
}

}  // namespace electiond::discovery
