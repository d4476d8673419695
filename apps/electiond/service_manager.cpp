// Reports to the service manager that started this process.
#include "service_manager.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include <electiond/error.h>

#include "libsystemd.h"
#include "node/clock.h"
#include "service_status.h"

namespace electiond {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// How often the state is compared with what was sent last, besides at each change.
constexpr milliseconds kLookEvery{5000};
// The shortest time between two states: an election changes several things in quick succession.
constexpr milliseconds kStatusPause{100};
// Checks in each WATCHDOG_USEC: one may be missed, for example right after the machine was
// suspended.
constexpr int kChances = 4;
constexpr milliseconds kExtendMargin{2000};
constexpr milliseconds kDestructorLimit{1000};

bool is_wanted() {
    const char* socket = std::getenv("NOTIFY_SOCKET");
    return socket != nullptr && *socket != '\0';
}

milliseconds interval_of_looks(std::optional<microseconds> limit) {
    if (!limit) return kLookEvery;
    return std::clamp(std::chrono::floor<milliseconds>(*limit / kChances), milliseconds{1},
                      kLookEvery);
}

}  // namespace

struct ServiceManager::Duty {
    explicit Duty(Log to) : log(std::move(to)) {}

    void run() noexcept;
    void push(std::string message);
    void look_again();
    void end();
    void send(const std::string& message);
    [[nodiscard]] std::string state();

    const Log log;
    const std::optional<microseconds> limit = systemd::watchdog_limit();
    const milliseconds look_every = interval_of_looks(limit);
    const StatusBoard* board = nullptr;
    const LoopPulse* pulse = nullptr;
    std::mutex mutex;  // guards the members up to `ending`
    std::condition_variable wake;
    std::deque<std::string> messages;
    bool changed = false;  // the board
    bool watching = true;  // false: the stop has begun
    bool ending = false;

    // The thread alone:
    std::string told;  // the last STATUS
    bool failed = false;
};

void ServiceManager::Duty::push(std::string message) {
    {
        const std::lock_guard lock(mutex);
        messages.push_back(std::move(message));
    }
    wake.notify_all();
}

void ServiceManager::Duty::look_again() {
    {
        const std::lock_guard lock(mutex);
        changed = true;
    }
    wake.notify_all();
}

void ServiceManager::Duty::end() {
    {
        const std::lock_guard lock(mutex);
        ending = true;
    }
    wake.notify_all();
}

void ServiceManager::Duty::run() noexcept try {
    std::unique_lock lock(mutex);
    const auto commanded = [this] { return ending || !messages.empty(); };
    for (;;) {
        while (!messages.empty()) {
            const auto message = std::move(messages.front());
            messages.pop_front();
            lock.unlock();
            send(message);
            lock.lock();
        }
        if (ending) return;
        if (watching) {
            changed = false;
            lock.unlock();
            const auto message = state();
            if (!message.empty()) send(message);
            lock.lock();
            if (message.find("STATUS=") != std::string::npos) {
                wake.wait_for(lock, std::min(kStatusPause, look_every), commanded);
            }
        }
        wake.wait_for(lock, look_every, [&] { return commanded() || (watching && changed); });
    }
} catch (const std::exception& error) {  // no memory: the watchdog of the service manager acts
    log.error(std::string("the service manager gets no more reports: ") + error.what());
}

// WATCHDOG=1 if there is a watchdog and the loop runs, and the state if it has changed; may be
// empty.
std::string ServiceManager::Duty::state() {
    const auto now = read_boot_clock();
    const bool alive = pulse->beats(now);
    auto text =
        alive ? service_status(*board->read(), now)
              : std::string(
                    "the election loop is stuck: it has handled no event for a second or longer");
    std::string message = limit && alive ? "WATCHDOG=1" : "";
    if (text != told) {
        message += (message.empty() ? "STATUS=" : "\nSTATUS=") + text;
        told = std::move(text);
    }
    return message;
}

void ServiceManager::Duty::send(const std::string& message) {
    const int error = systemd::notify(message);
    if (error == 0 || std::exchange(failed, true)) return;
    log.warning("the service manager cannot be reached over NOTIFY_SOCKET: " +
                std::generic_category().message(error) +
                "; it may end this process, because it gets no report that electiond runs");
}

ServiceManager::ServiceManager(Log log) {
    require_library();
    if (is_wanted()) duty_ = std::make_shared<Duty>(std::move(log));
}

void ServiceManager::require_library() {
    if (!is_wanted() || systemd::load().empty()) return;
    throw Error(
        "NOTIFY_SOCKET is set, so a service manager waits for reports, but the library that "
        "sends them cannot be loaded: " +
            systemd::load() + ", or start electiond without NOTIFY_SOCKET",
        Error::os);
}

ServiceManager::~ServiceManager() { (void)stop(Clock::now() + kDestructorLimit); }

void ServiceManager::send(std::string message) {
    if (duty_) duty_->push(std::move(message));
}

void ServiceManager::ready(const StatusBoard& board, const LoopPulse& pulse) try {
    if (!duty_) return;
    duty_->board = &board;
    duty_->pulse = &pulse;
    send("READY=1");
    thread_ = AbandonableThread([duty = duty_] { duty->run(); });
    listening_ = board.listen([duty = duty_.get()] { duty->look_again(); });
} catch (const std::system_error& error) {
    throw Error(std::string("the thread that reports to the service manager cannot be started: ") +
                    error.what() + "; raise the limit on threads (TasksMax, ulimit -u)",
                Error::os);
}

void ServiceManager::reloading() {
    const auto now = std::chrono::floor<microseconds>(Clock::now().time_since_epoch());
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceManager::reloaded() { send("READY=1"); }

void ServiceManager::stopping(milliseconds limit) {
    if (!duty_) return;
    listening_ = {};
    {
        const std::lock_guard lock(duty_->mutex);
        duty_->watching = false;
    }
    send("STOPPING=1\nSTATUS=stops, and hands over leadership if it leads\nEXTEND_TIMEOUT_USEC=" +
         std::to_string(microseconds(limit + kExtendMargin).count()));
}

bool ServiceManager::stop(Deadline deadline) noexcept {
    if (!duty_) return true;
    listening_ = {};
    duty_->end();
    return thread_.join_until(deadline);
}

}  // namespace electiond
