// Reports to the service manager that started this process (systemd): ready, alive, reloading,
// stopping, and the state of the node as text.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <electiond/log.h>

#include "node/abandonable_thread.h"
#include "node/loop_pulse.h"
#include "node/status_board.h"

namespace electiond {

// Sends the messages of sd_notify(3) to NOTIFY_SOCKET, in order, from a thread of its own: if the
// service manager does not read them, only that thread waits. Without NOTIFY_SOCKET there is no
// thread, and no call has an effect. All calls by one thread.
class ServiceManager {
  public:
    // Throws Error (os) if NOTIFY_SOCKET is set and libsystemd cannot be loaded. Call it first, so
    // that the start fails before the node takes part. Any thread.
    static void require_library();

    // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. A message that cannot be sent is logged
    // once. Throws as require_library().
    explicit ServiceManager(Log log);
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;
    // Calls stop() with a limit of one second.
    ~ServiceManager();

    // The API and the transport answer: READY=1. From now on the state on the board is sent
    // whenever it changes (STATUS=), and WATCHDOG=1 four times in each WATCHDOG_USEC as long as the
    // pulse beats. Both are borrowed until stop(). Call it once. Throws Error (os) if no thread
    // can be started.
    void ready(const StatusBoard& board, const LoopPulse& pulse);

    // Before and after the configuration is read again: RELOADING=1 with MONOTONIC_USEC, READY=1.
    // Only after ready().
    void reloading();
    void reloaded();

    // The stop begins, and takes at most `limit`: sends STOPPING=1, and EXTEND_TIMEOUT_USEC in case
    // the service manager allows less time. From now on no state is sent and the board is not read.
    void stopping(std::chrono::milliseconds limit);

    // Ends the thread. False if it hangs and was left behind: the process must then end by
    // std::_Exit. Idempotent.
    [[nodiscard]] bool stop(Deadline deadline) noexcept;

  private:
    struct Duty;  // shared with the thread

    void send(std::string message);

    std::shared_ptr<Duty> duty_;  // null: there is no NOTIFY_SOCKET
    StatusBoard::Listening listening_;
    AbandonableThread thread_;
};

}  // namespace electiond
