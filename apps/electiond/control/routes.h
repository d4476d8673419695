// The control API without its socket: takes a request, returns a response now, later or in parts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/dependencies.h"
#include "control/exchange.h"
#include "control/guard.h"
#include "control/parked.h"
#include "settings/settings.h"

namespace electiond {

// What a reload may change of the API.
struct ControlOptions {
    std::string token{};
    std::vector<std::string> hostnames{};
    bool reading_needs_token = false;
    ApiLimits limits{};
    Timing timing{};
};

// Called only by the server's I/O thread; never blocks. Parked answers must not outlive it.
class ControlRoutes {
  public:
    explicit ControlRoutes(ControlDependencies dependencies, const ApiLimits& limits = {});

    // Returns the response, a parked answer, or an event stream. Code that may complete a parked
    // answer keeps `wake` and calls it, on any thread, possibly after the parked answer was
    // destroyed or the server has stopped: `wake` must be cheap and harmless then. An exception is
    // a bug.
    [[nodiscard]] ApiAnswer answer(const ApiRequest& request, const std::function<void()>& wake);

    // A reload: applies to all further requests.
    void change(const ControlOptions& options);

    // When the lease of this node ends, unless it is renewed; kNever if this node does not lead at
    // `now`. Call it again at that time: if the result is in the future, the lease was renewed,
    // else the answers that wait for the board are due. One timer serves all of them.
    [[nodiscard]] Instant leads_until(Instant now) const;

    // How many long polls and event streams exist now; how many were refused because there were too
    // many (long polls are then answered at once); how many commands and surveys were refused for
    // the same reason. Any thread.
    [[nodiscard]] std::size_t streams() const { return streams_.taken(); }
    [[nodiscard]] std::uint64_t streams_refused() const { return streams_.refused(); }
    [[nodiscard]] std::uint64_t waiting_refused() const { return waiting_.refused(); }

    // The clock of every `now` in `answer` and the parked answers.
    [[nodiscard]] Instant now() const { return dependencies_.now(); }
    [[nodiscard]] const StatusBoard& board() const { return dependencies_.board; }
    [[nodiscard]] const ControlDependencies& dependencies() const { return dependencies_; }

  private:
    [[nodiscard]] ApiAnswer dispatch(const struct Call& call);

    ControlDependencies dependencies_;
    std::unique_ptr<const Guard> guard_;
    Places streams_;
    Places waiting_;
};

}  // namespace electiond
