// The thread that owns the Node; it reads the clock, and passes the time to each call.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "node/loop_pulse.h"
#include "node/mailbox.h"
#include "node/node.h"

namespace electiond {

// start and stop by one thread. `fatal` is called on the loop thread when the Node threw: the
// process must end then, without destructors (D2). The references are borrowed and must outlive it.
class Loop {
  public:
    Loop(Node& node, Mailbox& mailbox, LoopPulse& pulse, Counters& counters,
         std::function<void(const std::exception&)> fatal)
        : node_(node),
          mailbox_(mailbox),
          pulse_(pulse),
          counters_(counters),
          fatal_(std::move(fatal)) {}
    ~Loop() { stop(); }

    void start();
    // Closes the mailbox and joins. Idempotent.
    void stop() noexcept;

  private:
    void run();

    Node& node_;
    Mailbox& mailbox_;
    LoopPulse& pulse_;
    Counters& counters_;
    std::function<void(const std::exception&)> fatal_;
    std::thread thread_;
};

}  // namespace electiond
