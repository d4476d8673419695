// Asks for the leader, often enough to confirm a reported lead long before it expires.
#include "electionctl/lead_source.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace electiond::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWaitMax{1000};    // to notice a daemon that hangs, and to end in time
constexpr milliseconds kPatienceMin{50};  // for an answer on a busy machine
constexpr milliseconds kPause{100};       // after all endpoints have failed
constexpr std::size_t kNewsMax = 64;      // of news that is not taken the oldest is dropped

io::Descriptor make_event() {
    io::Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
    return event;
}

}  // namespace

LeadSource::LeadSource(const ApiClient& client)
    : poll_(client),
      timeout_(client.timeout()),
      woken_(make_event()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::vector<LeadSource::News> LeadSource::take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    (void)!::read(woken_.get(), &count, sizeof count);
    return std::exchange(news_, {});
}

void LeadSource::put(News news) {
    const std::lock_guard lock(mutex_);
    if (news_.size() == kNewsMax) news_.erase(news_.begin());
    news_.push_back(std::move(news));
    const std::uint64_t one = 1;
    (void)!::write(woken_.get(), &one, sizeof one);
}

// Waits for a change for a third of the remaining lease, and for the answer another third: after a
// first failure there is time for a second request.
void LeadSource::run(const std::stop_token& stop) {
    std::optional<Instant> until;  // of the asked node's own lead
    bool first = true;
    while (!stop.stop_requested()) {
        const auto left =
            until ? std::chrono::duration_cast<milliseconds>(*until - BootClock::now()) : timeout_;
        const auto third = left > milliseconds(0) ? left / 3 : timeout_;
        const auto wait = std::min(third, kWaitMax);
        const auto patience =
            first ? timeout_ : std::clamp(third, std::min(kPatienceMin, timeout_), timeout_);
        first = false;
        try {
            Lead lead = poll_.next(wait, patience);
            until = lead.own ? std::optional(lead.until) : std::nullopt;
            put({.lead = std::move(lead)});
        } catch (const Unreachable& error) {
            put({.lead = {}, .trouble = error.what()});
            std::unique_lock lock(mutex_);
            stopping_.wait_for(lock, stop, kPause, [] { return false; });
        }
    }
}

}  // namespace electiond::ctl
