// Takes log lines from any thread without waiting, and writes them in a thread that may wait.
#include "log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <string_view>
#include <system_error>
#include <utility>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include "bounded_write.h"
#include "journal_entry.h"
#include "libsystemd.h"
#include "log_format.h"

namespace electiond {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

// How often the count is reported while lines are lost all the time.
constexpr std::chrono::seconds kReportEvery{1};
// Time until the next try if poll(2) reports room but write(2) finds none.
constexpr int kRetryMs = 10;
// Practically never, and small enough that adding it to a clock does not overflow.
constexpr std::chrono::hours kLong{24};

std::string text_of(system_clock::time_point time) {
    const auto since = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch());
    return Poco::DateTimeFormatter::format(Poco::Timestamp(since.count()),
                                           Poco::DateTimeFormat::ISO8601_FRAC_FORMAT);
}

}  // namespace

LogWriter::LogWriter(LogLevel level, LogFormat format, std::string node, int descriptor)
    : level_(level),
      format_(format),
      node_(std::move(node)),
      // If the descriptor is closed now, a file that gets its number later must not receive the
      // log.
      descriptor_(::fcntl(descriptor, F_GETFD) < 0 ? -1 : descriptor) {}

void LogWriter::push(LogLine line) noexcept {
    if (line.level < level_) return;
    if (!queue_.push(std::move(line))) ++lost_;
}

// A duplicate, so that a file that gets the old number after a close does not receive the log. If
// no number is free, the original is used; if that is closed, every write fails with EBADF.
void LogWriter::open() noexcept {
    const bool journal = is_journal(descriptor_);
    journal_ = journal && systemd::load().empty();
    if (journal && !journal_) fall_back_to_lines();
    own_ = io::Descriptor(::fcntl(descriptor_, F_DUPFD_CLOEXEC, 3));
    if (own_.open() || errno == EBADF) descriptor_ = own_.get();
    wake_ = io::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

// The journal also takes lines of text, with their priority in front ("<4>").
void LogWriter::fall_back_to_lines() noexcept try {
    prefixes_ = true;
    push({LogLevel::warning,
          "the journal gets lines of text instead of entries with fields, because libsystemd "
          "cannot be loaded: " +
              systemd::load(),
          {}});
} catch (const std::exception&) {  // no memory
    ++lost_;
}

void LogWriter::run() noexcept {
    sigset_t all;  // this thread handles none, and SIGPIPE or SIGXFSZ must not end us
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
        const bool last = queue_.closed();
        if (must_report()) report_lost();
        const auto until =
            lost_ == reported_ || failing_ ? Clock::now() + kLong : reported_at_ + kReportEvery;
        if (const auto line = queue_.take_until(until)) {
            write_line(*line);
        } else if (last) {
            break;
        }
    }
    if (lost_ != reported_) report_lost();
    {
        const std::lock_guard lock(mutex_);
        own_ = io::Descriptor();
        ended_ = true;
    }
    changed_.notify_all();
}

// Also between queued lines, so that the reader learns early that some are missing.
bool LogWriter::must_report() const noexcept {
    return lost_ != reported_ && !failing_ && Clock::now() >= reported_at_ + kReportEvery;
}

void LogWriter::report_lost() noexcept try {
    const std::uint64_t lost = lost_ - reported_;
    const std::string why =
        error_ == 0 ? "nobody read them in time" : std::generic_category().message(error_);
    const std::string text =
        std::to_string(lost) + (lost == 1 ? " line lost: " : " lines lost: ") + why;
    if (!write({system_clock::now(), {LogLevel::warning, text, {{"lost", lost}}}})) return;
    reported_ += lost;
    reported_at_ = Clock::now();
    error_ = 0;
} catch (const std::exception&) {  // no memory: the next try reports it
    reported_at_ = Clock::now();
}

void LogWriter::write_line(const TimedLine& line) noexcept try {
    if (!write(line)) ++lost_;
} catch (const std::exception&) {
    ++lost_;
}

// Writes all of it, waiting for room as often as needed. If an error cut a line, the next one must
// begin on a new line. The journal takes whole entries.
bool LogWriter::write(const TimedLine& line) {
    if (journal_) {
        error_ = send_to_journal(journal_entry(node_, line.line));
        failing_ = error_ != 0;
        return !failing_;
    }
    std::string text;
    if (torn_) text += '\n';
    if (prefixes_) text += priority_prefix(line.line.level);
    text += format_event(format_, text_of(line.time), node_, line.line);
    std::string_view rest = text;
    bool waited = false;
    while (!rest.empty()) {
        const auto written = write_some(descriptor_, rest);
        if (written > 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
            waited = false;
        } else if (written == 0 || errno == EAGAIN || errno == EINTR) {
            if (!await_room(waited)) break;
            waited = true;
        } else {
            error_ = errno;
            break;
        }
    }
    failing_ = !rest.empty();
    if (rest.size() < text.size()) torn_ = failing_;
    return !failing_;
}

// False once the time is up. `again`: there was no room although the last wait ended.
bool LogWriter::await_room(bool again) noexcept {
    const auto until = end();
    const auto now = Clock::now();
    if (until && now >= *until) return false;
    const auto left = until ? std::chrono::ceil<milliseconds>(*until - now) : milliseconds{-1};
    std::array<pollfd, 2> watched{{{wake_.get(), POLLIN, 0}, {descriptor_, POLLOUT, 0}}};
    if (until) watched[0].fd = -1;  // it stays readable from now on
    if (again) {
        ::poll(watched.data(), 1, kRetryMs);
    } else {
        ::poll(watched.data(), 2, static_cast<int>(left.count()));
    }
    return true;
}

std::optional<LogWriter::Clock::time_point> LogWriter::end() const noexcept {
    const std::lock_guard lock(mutex_);
    return end_;
}

void LogWriter::end_by(Clock::time_point end) noexcept {
    {
        const std::lock_guard lock(mutex_);
        end_ = end;
    }
    queue_.close();
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
}

bool LogWriter::await_end(Clock::time_point end) noexcept {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, end, [this] { return ended_; });
}

}  // namespace electiond
