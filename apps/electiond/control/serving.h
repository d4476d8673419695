// State that all connections of the control API share, on its I/O thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <electiond/log.h>
#include <io/boot_timer.h>
#include <io/stream.h>
#include <io/tls.h>

#include "control/counts.h"
#include "control/event_hub.h"
#include "control/routes.h"
#include "node/fault_log.h"
#include "settings/settings.h"

namespace electiond {

// I/O thread only, except the counts. The routes must outlive it; it must outlive the connections.
class Serving {
  public:
    Serving(io::Loop& loop, ControlRoutes& routes, const ApiLimits& limits, const Log& log,
            ApiCounts& counts, Milliseconds silence);
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    [[nodiscard]] io::Loop& loop() { return loop_; }
    [[nodiscard]] ControlRoutes& routes() { return routes_; }
    [[nodiscard]] const ApiLimits& limits() const { return limits_; }
    // Applies from the next wait of each connection.
    void set_limits(const ApiLimits& limits) { limits_ = limits; }
    [[nodiscard]] const Log& log() const { return log_; }
    [[nodiscard]] ApiCounts& counts() { return counts_; }

    // True once the server stops. Then nothing more is read, and parked answers end.
    [[nodiscard]] bool stopping() const { return stopping_; }
    // Sets stopping(). `ended` is called when no connection is left, perhaps within this call.
    void stop(io::Task ended);

    // One open connection: increments the count, and decrements it when destroyed.
    class Presence {
      public:
        explicit Presence(Serving& all) : all_(all) { ++all_.open_; }
        ~Presence() { all_.left(); }
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;

      private:
        Serving& all_;
    };

    // While it exists, interrupts `stream` whenever the board changes or the lease of this node
    // ends, since the parked answer of `stream` waits for the board.
    class BoardWait {
      public:
        BoardWait(Serving& all, io::Stream& stream);
        ~BoardWait();
        BoardWait(const BoardWait&) = delete;
        BoardWait& operator=(const BoardWait&) = delete;

      private:
        Serving& all_;
        io::Stream& stream_;
    };
    // One event stream, until this is destroyed. Sends `head`, the missed events, then new ones.
    class EventWait {
      public:
        EventWait(Serving& all, io::Stream& stream, const std::string& head,
                  const std::optional<std::string>& last_event_id);

      private:
        EventHub::Watcher watcher_;
    };
    void board_changed();

    // Converts a time of the boot clock to the clock of the loop.
    [[nodiscard]] static io::Deadline deadline(Instant when, Instant now);

    // A client failed to set up TLS: counts the reason, and logs it with the remedy, once a minute
    // for each reason. `source` is the client's "ip:port".
    void unsecured(const std::string& source, const io::TlsFailure& failure);
    // A client spoke TLS to a port of plain text: as above.
    void spoke_tls(const std::string& source);
    // A connection was cut after a reload, because its certificate is no longer accepted.
    void cut_by_reload(const std::string& source, const io::TlsFailure& failure);

    // A request failed because of a bug in electiond: counts it, logs it at a limited rate, and
    // returns the 500.
    [[nodiscard]] ApiResponse failed(const std::string& path, const std::string& what);

    // The whole response as it is sent; if `without_body`, only its head.
    [[nodiscard]] std::string written(const ApiResponse& response, bool without_body,
                                      bool keep_alive);
    // The head of an event stream.
    [[nodiscard]] std::string stream_head();

  private:
    void left();
    void warn(const std::string& kind, const std::string& text, const std::string& source);
    void watch_lease();
    void lease_may_be_over();
    [[nodiscard]] std::string_view date();

    io::Loop& loop_;
    ControlRoutes& routes_;
    ApiLimits limits_;
    const Log& log_;
    ApiCounts& counts_;
    FaultLog failures_;
    bool stopping_ = false;
    io::Task ended_;
    std::size_t open_ = 0;
    std::set<io::Stream*> board_waits_;
    EventHub events_;
    io::BootTimer lease_;  // one for all of them
    std::chrono::sys_seconds dated_{};
    std::string date_;
};

}  // namespace electiond
