// Polls one discovery from a thread of its own, so that a slow or hanging one blocks nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <electiond/discovery.h>
#include <electiond/log.h>

#include "election/timing.h"
#include "node/abandonable_thread.h"
#include "node/event.h"

namespace electiond {

// A call of the discovery that failed the last time, or that has not returned for too long.
struct ScoutFault {
    std::string call{};   // announce, poll, claim or withdraw
    std::string error{};  // a sentence
    Instant since{};      // the first failure of those in a row, or when the hanging call began
    bool hangs = false;
};

// The newest failure, even if the call works again now.
struct ScoutFailure {
    std::string call{};
    std::string error{};  // a sentence
    Instant at{};         // when it failed; if it hung, when it should have returned
    bool hung = false;    // it did not return in time
};

// The health of one discovery, to be shown. A value.
struct ScoutReport {
    std::string plugin{};
    std::optional<Instant> good_at{};  // its last good snapshot, by the boot clock
    std::string fault{};               // what is wrong now, in one text; empty if nothing is
    std::vector<ScoutFault> faults{};  // the same, call by call
    std::optional<ScoutFailure> last_failure{};
    std::size_t peers = 0;  // in its last good snapshot
    std::uint64_t polls_ok = 0;
    std::uint64_t polls_failed = 0;
};

// start, stop and the destructor by one thread; the rest from any. Owns the discovery, which only
// the scout's own thread calls and destroys.
//
// Posts the first snapshot, also if it is empty, and then each one that differs from the last one
// posted, because each event costs the election time. The Node keeps a snapshot until the next one,
// however long that takes, so none is posted twice, not even after a failure. A poll that fails
// posts nothing: the last good snapshot stays in use.
//
// watch() reports a call that has not returned within the limit, and requests the stop of its
// token. If the call ignores its token, stop() leaves thread and discovery behind; after that
// nothing is posted or logged any more, and the process must end by std::_Exit.
class Scout {
  public:
    static constexpr Milliseconds kCallLimit{5000};

    Scout(std::size_t source, std::string plugin, std::unique_ptr<Discovery> discovery, Peer self,
          std::string cluster, Milliseconds interval, std::function<void(Event)> post, Log log,
          Milliseconds call_limit = kCallLimit);
    Scout(const Scout&) = delete;
    Scout& operator=(const Scout&) = delete;
    ~Scout();

    void start();

    // Asks the thread to withdraw and to end, and requests the stop of the call under way. Returns
    // at once, so that several scouts can end at the same time. Idempotent.
    void request_stop() noexcept;

    // request_stop(), then waits. False if the call has not returned by `deadline`: the discovery
    // is left behind. Shortly before that, the stop of withdraw is requested, too. Idempotent.
    bool stop(Deadline deadline) noexcept;

    // Asks the arbiter soon; ArbiterAnswered is posted. Only if the discovery has one.
    void claim(const Claim& mine);

    // Checks whether the call under way takes too long. Call it about once a second. False: nothing
    // is under way, and no call will follow but one that ends the scout.
    bool watch(Instant now);

    [[nodiscard]] ScoutReport report() const;

  private:
    // Shared with the thread, which may outlive the scout.
    class Rounds;

    std::shared_ptr<Rounds> rounds_;
    AbandonableThread thread_;
};

}  // namespace electiond
