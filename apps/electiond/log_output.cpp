// Where the log goes: starts and stops its writer.
#include "log_output.h"

#include <system_error>
#include <utility>

#include <electiond/error.h>

namespace electiond {
namespace {

// How long after its deadline the writer may end, before it counts as hanging.
constexpr std::chrono::milliseconds kGrace{200};

}  // namespace

LogOutput::LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor)
    : writer_(std::make_shared<LogWriter>(level, format, std::move(node), descriptor)) {}

LogOutput::~LogOutput() { stop(); }

void LogOutput::start() try {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true)) return;
    writer_->open();
    thread_ = std::thread([writer = writer_] { writer->run(); });
} catch (const std::system_error& error) {
    throw Error(std::string("the thread that writes the log cannot be started: ") + error.what() +
                    "; raise the limit on threads (TasksMax, ulimit -u)",
                Error::os);
}

void LogOutput::stop() noexcept {
    try {
        start();
    } catch (const Error&) {  // nothing can be written any more
    }
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) return;
    const auto end = LogWriter::Clock::now() + kStopLimit;
    writer_->end_by(end);
    if (writer_->await_end(end + kGrace)) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

Log LogOutput::log() const {
    return Log([writer = writer_](LogLine line) { writer->push(std::move(line)); });
}

}  // namespace electiond
