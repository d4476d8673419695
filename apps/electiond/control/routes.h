// The control API without its socket: a request in, its answer out.
#pragma once

#include <cstddef>

#include "control/exchange.h"
#include "control/faces.h"
#include "control/guard.h"
#include "control/waiting_room.h"

namespace electiond {

// answer() from any thread; it blocks where the path says so (a long poll, a survey, a hand-over).
class ControlRoutes {
  public:
    // At most `waiting_max` long polls wait at once; those beyond are answered at once.
    ControlRoutes(ControlFaces faces, std::size_t waiting_max);

    // Throws only what is a bug; the server makes a 500 of it.
    [[nodiscard]] ApiResponse answer(const ApiRequest& request);

    // Ends every wait, now and later.
    void close() { room_.close(); }

  private:
    [[nodiscard]] ApiResponse dispatch(const ApiRequest& request, const struct Target& target);

    const ControlFaces faces_;
    const Guard guard_;
    WaitingRoom room_;
};

}  // namespace electiond
