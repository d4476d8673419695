// The control API without its socket: a request in, its answer out, at once or later.
#pragma once

#include <functional>

#include "control/exchange.h"
#include "control/faces.h"
#include "control/guard.h"
#include "control/parked.h"
#include "settings/settings.h"

namespace electiond {

// By one thread, the server's I/O thread; nothing here blocks. Parked answers must not outlive it.
class ControlRoutes {
  public:
    explicit ControlRoutes(ControlFaces faces, const ApiLimits& limits = {});

    // The response, or a parked answer that will have it. Whatever may complete the answer keeps
    // `wake` and calls it, on any thread, perhaps after the parked answer is gone or the server has
    // stopped: it must be cheap and do no harm then. Throws only what is a bug.
    [[nodiscard]] ApiAnswer answer(const ApiRequest& request, const std::function<void()>& wake);

    // Until when this node leads, if nothing is published before; kNever if it does not lead at
    // `now`. When that moment has come, ask again: if it is still in the future, the lease was
    // renewed, else the answers that wait for the board are due. One timer does for all of them.
    [[nodiscard]] Instant leads_until(Instant now) const;

    // How many long polls wait now; how many were answered at once, and commands and surveys
    // refused, because too many were waiting. Any thread.
    [[nodiscard]] std::size_t long_polls() const { return long_polls_.taken(); }
    [[nodiscard]] std::uint64_t long_polls_refused() const { return long_polls_.refused(); }
    [[nodiscard]] std::uint64_t waiting_refused() const { return waiting_.refused(); }

    // The clock of every `now` in `answer` and the parked answers.
    [[nodiscard]] Instant now() const { return faces_.now(); }
    [[nodiscard]] const StatusBoard& board() const { return faces_.board; }

  private:
    [[nodiscard]] ApiAnswer dispatch(const struct Call& call);

    const ControlFaces faces_;
    const Guard guard_;
    Places long_polls_;
    Places waiting_;
};

}  // namespace electiond
