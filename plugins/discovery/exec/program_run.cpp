// One run of a program, and the sentence for each way in which it can fail.
#include "exec/program_run.h"

#include <string.h>  // sigabbrev_np

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <electiond/error.h>
#include <electiond/wording.h>

#include "exec/program_file.h"

namespace electiond::discovery {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kStep{50};    // between two looks at the stop token
constexpr milliseconds kGrace{100};  // from SIGTERM to SIGKILL

std::string in_words(milliseconds duration) {
    const auto count = duration.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

io::Program program_of(const Command& command, const ProgramInput& input) {
    return {.command = command.words,
            .environment = input.variables,
            .input = input.standard_input,
            .out = io::Output::captured(),
            .err = io::Output::captured_apart(),
            .output_max = kOutputMax,
            .errors_max = kErrorsMax};
}

// Adds the fault of the file: errno is also ENOENT if the interpreter of a script is missing.
io::Child started(const Command& command, const ProgramInput& input) try {
    return io::Child(program_of(command, input));
} catch (const std::system_error& error) {
    const auto found = fault_of_program(command.words.front());
    const auto reason = error.code().message();
    throw Error(command.title + " cannot be started: " +
                    (found.text.empty() ? reason + "; check the limits of processes and memory"
                                        : reason + "; it " + found.text),
                Error::unavailable);
}

// The line with the reason: the first one, or the last one of a Python traceback.
std::string reason_in(const std::string& errors) {
    std::string first, last;
    for (std::size_t at = 0; at < errors.size();) {
        const auto end = std::min(errors.find('\n', at), errors.size());
        const auto line = errors.substr(at, end - at);
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (first.empty()) first = line;
        last = line;
    }
    return first.starts_with("Traceback ") ? last : first;
}

std::string signal_name(int number) {
    const char* name = ::sigabbrev_np(number);
    return name == nullptr ? std::to_string(number) : std::string("SIG") + name;
}

std::string too_much() {
    return "printed more than " + std::to_string(kOutputMax / 1024 / 1024) +
           " MiB, so it was terminated; it must print one line for each peer, and nothing else";
}

std::string fault_of(const io::Ended& ended) {
    if (ended.signal != 0) return "was killed by " + signal_name(ended.signal);
    return ended.code == 0 ? "" : "ended with exit code " + std::to_string(ended.code);
}

}  // namespace

ProgramRun::ProgramRun(Command command, const ProgramInput& input)
    : command_(std::move(command)),
      deadline_(Clock::now() + command_.timeout),
      child_(started(command_, input)) {}

ProgramRun::~ProgramRun() {
    try {
        (void)child_.end(kGrace);
    } catch (const std::exception&) {  // without memory: Child's destructor kills it
    }
}

std::optional<Finished> ProgramRun::wait(milliseconds limit, const std::stop_token& stop) {
    const auto until = std::min(Clock::now() + limit, deadline_);
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        const auto ended = child_.wait(std::clamp(left, milliseconds{0}, kStep));
        if (child_.output_cut()) return finish(too_much());
        if (ended) return finish(fault_of(*ended));
        if (Clock::now() >= deadline_) {
            return finish("has not ended within " + in_words(command_.timeout) +
                          ", so it was terminated; make it faster, or raise timeout");
        }
        if (stop.stop_requested() || Clock::now() >= until) return std::nullopt;
    }
}

// Terminates the group even if the program has succeeded: it may have left processes behind. These
// may have printed, too, so the output would be incomplete.
Finished ProgramRun::finish(std::string fault) {
    (void)child_.end(kGrace);
    if (fault.empty() && child_.output_cut()) fault = too_much();
    Finished finished{.output = child_.output(), .errors = child_.errors(), .fault = {}};
    if (fault.empty()) return finished;
    const auto reason = reason_in(finished.errors);
    finished.fault = command_.title + " " + fault +
                     (reason.empty() ? "; it wrote nothing to standard error, so run it by hand"
                                     : ": " + in_quotes(reason));
    return finished;
}

}  // namespace electiond::discovery
