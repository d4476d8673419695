// The verb watch: a line, and with --exec a command, at each change of leadership.
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <io/child.h>
#include <io/descriptor.h>

#include "electionctl/exit_code.h"
#include "electionctl/lead_source.h"
#include "electionctl/lead_watch.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

constexpr std::chrono::seconds kGrace{5};      // from the signal that ends electionctl to SIGKILL
constexpr std::chrono::seconds kLostGrace{2};  // from SIGTERM for a lost lead to SIGKILL

io::Descriptor checked(int number, const char* what) {
    if (number < 0) throw std::system_error(errno, std::generic_category(), what);
    return io::Descriptor(number);
}

// Expires at an instant of the boot clock, even if the machine was suspended meanwhile.
class Alarm {
  public:
    Alarm() : timer_(checked(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), "timerfd_create")) {}
    void set(Instant at) const {
        itimerspec when{};  // all zero: never
        if (at != kNever) {
            const auto time = std::max<std::int64_t>(at.time_since_epoch().count(), 1);
            when.it_value = {.tv_sec = time / 1'000'000'000, .tv_nsec = time % 1'000'000'000};
        }
        if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) {
            throw std::system_error(errno, std::generic_category(), "timerfd_settime");
        }
    }
    [[nodiscard]] int handle() const { return timer_.get(); }

  private:
    io::Descriptor timer_;
};

// The signals that end a program, readable from a descriptor. They are blocked while the object
// exists, also in threads that are started meanwhile. Signals that were ignored at the start
// (nohup) stay ignored.
class EndSignals {
  public:
    EndSignals() {
        sigemptyset(&set_);
        for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
            struct sigaction action {};
            ::sigaction(number, nullptr, &action);
            if (action.sa_handler != SIG_IGN) sigaddset(&set_, number);
        }
        pthread_sigmask(SIG_BLOCK, &set_, &before_);
        handle_ = checked(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
    }
    ~EndSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;

    [[nodiscard]] int handle() const { return handle_.get(); }
    // The signal that was received, or 0.
    [[nodiscard]] int take() const {
        signalfd_siginfo info{};
        const auto count = ::read(handle_.get(), &info, sizeof info);
        return count == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
    }
    // Ends this process by the signal, so that its parent sees the normal result of this signal.
    [[noreturn]] void die_of(int number) const {
        ::signal(number, SIG_DFL);
        ::raise(number);
        pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
        ::_exit(128 + number);
    }

  private:
    sigset_t set_{}, before_{};
    io::Descriptor handle_;
};

std::string_view name_of(Event event) {
    return event == Event::leader ? "leader" : event == Event::follower ? "follower" : "no-leader";
}

constexpr const char* kUnreachable = "unreachable";

// The JSON of the API, or our own if the API does not answer.
std::string json_of(const LeadChange& change) {
    if (!change.unreachable) return change.lead.json;
    return R"({"leaderId":null,"isLeader":false,"term":)" + std::to_string(change.lead.term) +
           R"(,"fencingToken":0,"validForMs":0,"leaseRemainingMs":0,"index":)" +
           std::to_string(change.lead.index) + R"(,"reason":")" + kUnreachable + "\"}";
}

std::string line_of(const LeadChange& change) {
    const Lead& lead = change.lead;
    std::string line = Poco::DateTimeFormatter::format(Poco::Timestamp(), "%Y-%m-%dT%H:%M:%S.%iZ ");
    const std::string term = " term=" + std::to_string(lead.term);
    line += lead.leader.empty() ? "no-leader" + term : "leader=" + lead.leader + term;
    if (lead.own) line += " token=" + std::to_string(lead.token);
    if (change.unreachable) line += std::string(" reason=") + kUnreachable;
    if (!change.previous.empty() && change.previous != lead.leader) {
        line += " previous=" + change.previous;
    }
    return line + " from=" + lead.endpoint;
}

io::Program command_for(const std::string& command, const LeadChange& change) {
    const Lead& lead = change.lead;
    return {.command = {"/bin/sh", "-c", command},
            .environment = {{"ELECTIOND_EVENT", std::string(name_of(change.event))},
                            {"ELECTIOND_LEADER_ID", lead.leader},
                            {"ELECTIOND_PREVIOUS_LEADER_ID", change.previous},
                            {"ELECTIOND_TERM", std::to_string(lead.term)},
                            {"ELECTIOND_FENCING_TOKEN", std::to_string(lead.token)},
                            {"ELECTIOND_INDEX", std::to_string(lead.index)},
                            {"ELECTIOND_REASON", change.unreachable ? kUnreachable : ""}},
            .input = json_of(change) + "\n"};
}

class Watch {
  public:
    explicit Watch(const Session& session)
        : session_(session),
          rule_(session.arguments.exec ? LeadWatch::Scope::node : LeadWatch::Scope::cluster),
          source_(make_source()) {}

    int run() {
        while (command_ || lines_ != lines_wanted_) {
            await();
            if (const int number = signals_ ? signals_->take() : 0; number != 0) end_by(number);
            for (auto& news : source_->take()) {
                if (!hear(std::move(news)) || !report_due_change()) return kRefused;
            }
            if (command_) look_at_command();
            if (command_ && rule_.lead_lost(BootClock::now())) end_command();
            if (!report_due_change()) return kRefused;
        }
        return kDone;
    }

  private:
    // Blocks the signals before the source starts its threads, so that those do not receive them.
    std::unique_ptr<LeadSource> make_source() {
        if (!session_.arguments.exec) return told_leads(session_.client);
        signals_.emplace();
        return confirmed_leads(session_.client);
    }

    // Waits until there is news or a signal, the command has ended, or a deadline has come.
    void await() const {
        alarm_.set(command_ ? rule_.lead_ends() : rule_.deadline());
        std::array<pollfd, 4> watched{pollfd{source_->handle(), POLLIN, 0},
                                      pollfd{alarm_.handle(), POLLIN, 0},
                                      pollfd{signals_ ? signals_->handle() : -1, POLLIN, 0},
                                      pollfd{command_ ? command_->handle() : -1, POLLIN, 0}};
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
    }

    // False if no source could be opened at the start.
    bool hear(LeadSource::News news) {
        if (news.lead) {
            heard_any_ = answering_ = true;
            rule_.hear(std::move(*news.lead));
            return true;
        }
        if (!heard_any_ && !news.refused) throw Unreachable(news.trouble, false);
        if (answering_) complain(news.trouble + (heard_any_ ? "\n  trying again" : ""));
        answering_ = false;
        return heard_any_;
    }

    void look_at_command() {
        const auto ended = command_->wait(std::chrono::milliseconds(0));
        if (!ended) return;
        if (const int code = ended->as_shell(); code != 0) {
            complain("the command ended with " + std::to_string(code) + ": " +
                     *session_.arguments.exec);
        }
        command_.reset();
    }

    // A command for a lead that is over must not go on: it would delay the event `no-leader`.
    void end_command() {
        complain("leadership has ended, so the command that still runs for it is stopped: " +
                 *session_.arguments.exec);
        command_->end(kLostGrace);
        command_.reset();
    }

    // With --exec a slow or closed reader of standard output must not delay or end the commands: a
    // line for which there is no room is dropped.
    static bool has_room(int descriptor) {
        pollfd output{descriptor, POLLOUT, 0};
        return ::poll(&output, 1, 0) != 0;
    }
    void complain(const std::string& text) {
        if (session_.arguments.exec && !has_room(STDERR_FILENO)) return;
        session_.err << "electionctl: " << text << std::endl;
        session_.err.clear();
    }

    // Runs one command at a time: a change while it runs becomes an event after its end, if it
    // still holds. False if lines can't be written and there is no command to run.
    bool report_due_change() {
        while (!command_ && lines_ != lines_wanted_) {
            const auto change = rule_.next(BootClock::now());
            if (!change) return true;
            const auto& command = session_.arguments.exec;
            if (command) command_.emplace(command_for(*command, *change));
            const bool json = session_.arguments.output == Output::json;
            const auto line = json ? json_of(*change) : line_of(*change);
            if (!command || has_room(STDOUT_FILENO)) session_.out << line << std::endl;
            ++lines_;
            if (session_.out) continue;
            if (!command) return false;
            session_.out.clear();
            if (!std::exchange(unwritten_, true)) {
                complain("cannot write to standard output; the command is run anyway");
            }
        }
        return true;
    }

    // Passes the signal on to the command, gives it time to end, then kills its whole group.
    [[noreturn]] void end_by(int number) {
        if (command_) command_->end(kGrace, number);
        session_.out.flush();
        signals_->die_of(number);
    }

    const Session& session_;
    const int lines_wanted_ = session_.arguments.count.value_or(-1);
    int lines_ = 0;
    LeadWatch rule_;
    std::optional<EndSignals> signals_;
    std::unique_ptr<LeadSource> source_;
    Alarm alarm_;
    std::optional<io::Child> command_;
    bool answering_ = true;
    bool heard_any_ = false;
    bool unwritten_ = false;  // it was reported that standard output can't be written
};

}  // namespace

int watch(const Session& session) { return Watch(session).run(); }

}  // namespace electiond::ctl
