// The thread that owns the Node; it reads the clock, and passes the time to each call. While it
// sleeps, the thread that brings a heartbeat may use the Node instead (Mailbox).
#pragma once

#include <exception>
#include <functional>
#include <optional>
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
    void turn();
    [[nodiscard]] std::optional<Instant> handle_here(Event& event) noexcept;

    Node& node_;
    Mailbox& mailbox_;
    LoopPulse& pulse_;
    Counters& counters_;
    std::function<void(const std::exception&)> fatal_;
    std::thread thread_;
    // Of the thread that uses the Node now.
    Instant deadline_{};
    std::exception_ptr thrown_;  // on another thread
};

}  // namespace electiond
