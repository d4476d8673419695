// One running node, from start to stop; knows nothing of processes and signals.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "assembly.h"
#include "certificate_watch.h"
#include "control/server.h"
#include "discoveries.h"
#include "log_output.h"
#include "node/loop.h"
#include "reload/plan.h"
#include "reload/queue.h"
#include "settings/differences.h"
#include "settings/settings.h"
#include "slow_disk.h"
#include "storage/durable_file.h"
#include "watchdog.h"

namespace electiond {

// Call start and stop once each, from one thread; the rest from any thread. One process may have
// several.
class Daemon {
  public:
    Daemon(Settings settings, LogOutput& output);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Loads the plugins, opens the data directory, binds, and joins the election. Throws Error with
    // the matching exit code, and then leaves nothing behind. `ports_held` is called once, in this
    // thread, when the data directory is locked and all ports are bound, and before the node joins
    // the election; an exception from it ends the start.
    void start(const std::function<void()>& ports_held = {});

    // Begins to hand leadership over, as stop() does, without waiting, in case the thread that
    // calls stop() hangs. Any thread, between start() and stop().
    void begin_hand_over() noexcept;

    // Hands leadership over, withdraws from discovery and ends all threads, within 5 s +
    // client_grant even if something hangs. False if a thread hangs and was left behind: the
    // process must then end by std::_Exit, before the daemon's destructor or any other one runs.
    // Idempotent.
    [[nodiscard]] bool stop() noexcept;

    // daemon_reload.cpp: the configuration is read again.
    //
    // `load` returns settings that were checked like those of the start, or throws Error that lists
    // the faults, one per line. `wake` is called, by any thread, when a client of the control API
    // has requested a reload: then call carry_out_reload_request(). Call on_reload() before
    // start().
    using LoadSettings = std::function<Settings()>;
    void on_reload(LoadSettings load, std::function<void()> wake);

    // SIGHUP: applies the changes that are possible live (reload/table.h), reads certificates
    // again, and logs what was applied and what needs a restart. A faulty configuration changes
    // nothing. Call this and the next one from the thread that called start(), between start() and
    // stop(); they block for files and plugins.
    void reload() noexcept;
    // Carries out the next reload or dry run requested through the control API; the client gets the
    // report.
    void carry_out_reload_request() noexcept;

    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] std::string api() const { return api_; }
    [[nodiscard]] const StatusBoard& board() const { return board_; }
    [[nodiscard]] const LoopPulse& pulse() const { return pulse_; }

  private:
    [[nodiscard]] ControlDependencies control_dependencies();
    [[nodiscard]] std::vector<OwnCertificate> own_certificates() const;
    [[nodiscard]] std::vector<DaemonProblem> certificate_problems() const;
    void start_discoveries(LoadedPlugins& plugins, const Peer& self);
    void start_watchdogs();
    [[nodiscard]] ReloadReport reload(bool dry_run) noexcept;
    void reload_into(ReloadReport& report);
    void check_new_discoveries(const Settings& fresh, LoadedPlugins& plugins, ReloadReport& report);
    [[nodiscard]] Log limits_log(ReloadReport& report) const;
    void apply(const Settings& fresh, const ReloadGates& gates,
               std::vector<Discoveries::Entry> discoveries);
    void log_reload(const ReloadReport& report) const;
    [[nodiscard]] std::string api_address(const Endpoint& bound, const Endpoint& transport) const;
    [[noreturn]] void die(const std::exception& error) noexcept;
    void hand_over(Deadline deadline) noexcept;
    [[nodiscard]] bool stop_discoveries(Deadline deadline) noexcept;
    [[nodiscard]] bool end_threads(Deadline deadline) noexcept;

    Settings settings_;                 // those in use
    std::vector<SettingValue> values_;  // the same as texts
    LoadSettings load_;
    ReloadQueue reload_requests_;
    mutable std::mutex pending_mutex_;
    std::vector<std::string> pending_restart_;  // keys; under pending_mutex_
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
    std::unique_ptr<Discoveries> discoveries_;
    std::vector<std::unique_ptr<Discovery>> left_behind_;  // in each a check of a reload hangs
    Watchdog watchdog_;
    // Checks that the data directory is still this node's: on its own thread, since a disk may
    // hang.
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
