// One running node: everything between start and stop, without a word about processes or signals.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assembly.h"
#include "certificate_watch.h"
#include "control/server.h"
#include "log_output.h"
#include "node/loop.h"
#include "node/scout.h"
#include "settings/settings.h"
#include "slow_disk.h"
#include "storage/durable_file.h"
#include "watchdog.h"

namespace electiond {

// start and stop once each, by one thread; the rest from any. Several in one process get along.
class Daemon {
  public:
    Daemon(Settings settings, LogOutput& output);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Loads the plugins, opens the data directory, binds, and takes part. Throws Error with the
    // exit code of what went wrong; nothing is left behind then. `ports_held` is called once, in
    // this thread, when the data directory is locked and all ports are bound, and before the node
    // takes part; what it throws ends the start.
    void start(const std::function<void()>& ports_held = {});

    // Hands leadership over, withdraws from discovery, ends all threads: within 5 s and
    // client_grant, whatever hangs. False if a thread hangs and was left behind: the process must
    // then end by std::_Exit, before the daemon's destructor or any other one runs. Idempotent.
    [[nodiscard]] bool stop() noexcept;

    // SIGHUP: takes over from `file` what may change live, and has certificates read again; the log
    // names the rest.
    void reload(const Environment& environment) noexcept;

    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] std::string api() const { return api_; }
    [[nodiscard]] const StatusBoard& board() const { return board_; }
    [[nodiscard]] const LoopPulse& pulse() const { return pulse_; }

  private:
    [[nodiscard]] ControlFaces faces();
    [[nodiscard]] std::vector<OwnCertificate> own_certificates() const;
    [[nodiscard]] std::vector<DaemonProblem> certificate_problems() const;
    void start_scouts(std::vector<Guests::Named> discoveries, const Peer& self);
    [[nodiscard]] std::string api_address(const Endpoint& bound, const Endpoint& transport) const;
    [[noreturn]] void die(const std::exception& error) noexcept;
    void hand_over(Deadline deadline) noexcept;
    [[nodiscard]] bool stop_scouts(Deadline deadline) noexcept;
    [[nodiscard]] bool end_threads(Deadline deadline) noexcept;

    Settings settings_;
    LogOutput& output_;
    Log log_;
    std::unique_ptr<PluginHost> host_;
    std::unique_ptr<DataDir> folder_;
    std::unique_ptr<DurableFile> file_;
    std::unique_ptr<SlowDisk> store_;
    Mailbox mailbox_;
    Counters counters_;
    StatusBoard board_;
    LoopPulse pulse_;
    GrantBook grants_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Node> node_;
    std::unique_ptr<Loop> loop_;
    std::vector<std::unique_ptr<Scout>> scouts_;
    Scout* arbiter_ = nullptr;
    Watchdog watchdog_;
    // Checks that the data directory is still ours: on a thread of its own, since a disk may hang.
    Watchdog identity_watch_;
    std::unique_ptr<CertificateWatch> certificates_;  // null: plain text everywhere
    std::unique_ptr<ControlRoutes> routes_;
    std::unique_ptr<ControlServer> control_;
    std::string api_;
    bool stopping_ = false;
    bool all_ended_ = true;
    std::atomic<const char*> ending_ = "";  // the part that end_threads() waits for
};

}  // namespace electiond
