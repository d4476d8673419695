// One running node.
#include "daemon.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <system_error>
#include <utility>

#include "node/clock.h"
#include "node/fault_log.h"

namespace electiond {
namespace {

// The longest stop, beyond client_grant, even if something hangs (interface.md, Signals).
constexpr Milliseconds kHandOverLimit{5000};
// How much of that time must be left after each step:
constexpr Milliseconds kAfterHandOver{2100};
constexpr Milliseconds kAfterDiscovery{1500};
constexpr Milliseconds kAfterThreads{1100};   // for the last lines of the log, and the end itself
constexpr Milliseconds kWithdrawLimit{3000};  // for discovery, even if more time is left
constexpr Milliseconds kWatchEvery{1000};
constexpr Milliseconds kIdentityEvery{2000};  // in addition to the check at each save

}  // namespace

Daemon::Daemon(Settings settings, LogOutput& output)
    : settings_(std::move(settings)),
      values_(setting_values(settings_)),
      output_(output),
      log_(output.log()),
      watchdog_(kWatchEvery, [this](const std::exception& error) { die(error); }),
      identity_watch_(kIdentityEvery, [this](const std::exception& error) { die(error); }) {}

// If stop() was not called before, the start has failed. A discovery can hang here only if a thread
// after it could not be started: hence the code `os`.
Daemon::~Daemon() {
    if (stop()) return;
    output_.stop();
    std::_Exit(Error::os);
}

void Daemon::start(const std::function<void()>& ports_held) {
    log_.debug("the configuration is read");
    for (const auto& warning : settings_.warnings) log_.warning(warning);
    host_ = std::make_unique<PluginHost>(plugin_directories(settings_), own_program(), log_);
    host_->try_together(plugins_named(settings_));  // beside the thread that waits for signals
    auto plugins = load_plugins(*host_, settings_, log_);
    for (const auto& warning : plugins.warnings) log_.warning(warning);
    if (const auto files = certificate_files(settings_); !files.empty()) {
        certificates_ = std::make_unique<CertificateWatch>(files, log_);
    }
    output_.start();
    auto random = real_random();
    folder_ = std::make_unique<DataDir>(settings_.node.data_dir);
    // An earlier process may have made promises until now, and none later.
    const Instant locked_at = read_boot_clock();
    file_ =
        std::make_unique<DurableFile>(*folder_, settings_.node.id, settings_.cluster.name, log_);
    store_ = std::make_unique<SlowDisk>(*file_, board_, counters_, timing_of(settings_).lease(),
                                        log_, [this] { watchdog_.watch(); });
    auto durable =
        load_or_create_record(*store_, settings_.node.id, settings_.cluster.name, random);
    const auto policy = policy_of(settings_, plugins.bootstrap);
    log_.debug("the data directory is ready");
    journal_ = std::make_unique<Journal>(durable.starts, 2 * policy.timing.heartbeat);

    transport_ = std::move(plugins.transport);
    const Endpoint bound = transport_->start(mailbox_);
    const Endpoint address = settings_.transport.advertise.value_or(bound);
    control_ = std::make_unique<ControlServer>(settings_.api.listen, settings_.api.limits, log_,
                                               settings_.api.tls);
    // Other nodes cannot use a Unix socket, so without a TCP listener no address is announced.
    const auto& api_endpoints = control_->endpoints();
    if (!api_endpoints.empty()) api_ = api_address(api_endpoints.front(), address);
    if (ports_held) ports_held();

    const Peer self{durable.node_id, durable.uuid, {address}, api_};
    node_ = std::make_unique<Node>(
        policy, std::move(durable), random,
        Identity{random.identity(), address, api_, ELECTIOND_VERSION,
                 certificates_name_nodes(settings_)},
        NodeDependencies{*transport_, *store_, board_, grants_, *journal_, counters_,
                         [this](Event&& event) { mailbox_.post(std::move(event)); },
                         [this](const Claim& mine) {
                             discoveries_->claim(mine);
                             watchdog_.watch();
                         },
                         log_},
        locked_at);
    start_discoveries(plugins, self);
    start_watchdogs();
    loop_ = std::make_unique<Loop>(*node_, mailbox_, pulse_, counters_,
                                   [this](const std::exception& error) { die(error); });
    loop_->start();
    routes_ = std::make_unique<ControlRoutes>(control_dependencies(), settings_.api.limits);
    control_->start(*routes_);
    if (certificates_) {
        certificates_->start({{"transport", [this] { transport_->reload_tls(); }},
                              {"api", [this] { control_->reload_tls(); }}});
    }
    log_.info("electiond " ELECTIOND_VERSION " takes part", {{"api", api_},
                                                             {"transport", address.to_string()},
                                                             {"cluster", settings_.cluster.name},
                                                             {"uuid", self.uuid->value},
                                                             {"change", "started"}});
}

// The address of the API for other machines: a wildcard is replaced by the host of the transport.
std::string Daemon::api_address(const Endpoint& bound, const Endpoint& transport) const {
    const bool wildcard = bound.host == "0.0.0.0" || bound.host == "::";
    return Endpoint{wildcard ? transport.host : bound.host, bound.port}.to_string();
}

void Daemon::start_discoveries(LoadedPlugins& plugins, const Peer& self) {
    discoveries_ = std::make_unique<Discoveries>(
        Discoveries::Setup{self, settings_.cluster.name, settings_.election.hello_interval,
                           [this](Event&& event) { mailbox_.post(std::move(event)); }, log_});
    discoveries_->start(discovery_entries(settings_, std::move(plugins.discoveries)));
}

void Daemon::start_watchdogs() {
    watchdog_.add_watch([this](Instant now) { return discoveries_->watch(now); });
    watchdog_.add_watch([this](Instant now) { return store_->check(now); });
    watchdog_.start();
    identity_watch_.add([this, faults = FaultLog()](Instant now) mutable {
        constexpr char kLook[] = "look";
        const auto trouble = file_->check_identity();
        if (trouble.empty()) {
            if (faults.worked(kLook, now)) log_.info("the data directory is accessible again");
        } else if (const auto due = faults.failed(kLook, trouble, now)) {
            log_.warning(trouble + due->suffix());
        }
    });
    identity_watch_.start();
}

ControlDependencies Daemon::control_dependencies() {
    return {.board = board_,
            .pulse = pulse_,
            .grants = grants_,
            .journal = *journal_,
            .counters = counters_,
            .transport = *transport_,
            .post = [this](Event event) { return mailbox_.post(std::move(event)); },
            .discoveries = [this] { return discoveries_->reports(); },
            .timing = timing_of(settings_),
            .transport_plugin = settings_.transport.plugin,
            .certificates_name_nodes = certificates_name_nodes(settings_),
            .version = ELECTIOND_VERSION,
            .token = settings_.api.token,
            .hostnames = settings_.api.hostnames,
            .cluster = settings_.cluster.name,
            .clients_need_certificate = settings_.api.tls && !settings_.api.tls->ca.empty(),
            .reading_needs_token = settings_.api.reading_needs_token,
            .certificates = [this] { return own_certificates(); },
            .problems = [this] { return certificate_problems(); },
            .reload =
                [this](ReloadRequest request) { return reload_requests_.post(std::move(request)); },
            .pending_restart =
                [this] {
                    const std::lock_guard lock(pending_mutex_);
                    return pending_restart_;
                }};
}

std::vector<OwnCertificate> Daemon::own_certificates() const {
    std::vector<OwnCertificate> all;
    if (!certificates_) return all;
    for (const auto& each : certificates_->report()) all.push_back({each.port, each.not_after});
    return all;
}

std::vector<DaemonProblem> Daemon::certificate_problems() const {
    std::vector<DaemonProblem> all;
    if (!certificates_) return all;
    for (const auto& certificate : certificates_->report()) {
        for (const auto& each : certificate.problems) {
            all.push_back({each.reason, each.detail, each.since});
        }
    }
    return all;
}

// D2: a node that cannot remember its votes must not vote. The process ends here, without
// destructors; the line has LogOutput::kStopLimit to be written.
void Daemon::die(const std::exception& error) noexcept {
    const auto* known = dynamic_cast<const Error*>(&error);
    output_.write({LogLevel::error, std::string(error.what()) + "; the process ends", {}});
    output_.stop();
    std::_Exit(known ? known->code() : 70);
}

bool Daemon::stop() noexcept {
    if (std::exchange(stopping_, true)) return all_ended_;
    const auto deadline =
        std::chrono::steady_clock::now() + kHandOverLimit + settings_.election.client_grant;
    const bool took_part = loop_ != nullptr;
    if (took_part) hand_over(deadline - kAfterHandOver);
    all_ended_ = stop_discoveries(deadline - kAfterDiscovery);
    all_ended_ = end_threads(deadline - kAfterThreads) && all_ended_;
    if (!all_ended_) log_.warning("the process ends without the threads that hang");
    if (took_part) log_.info("electiond has stopped", {{"change", "stopped"}});
    return all_ended_;
}

void Daemon::begin_hand_over() noexcept {
    (void)mailbox_.post(CommandArrived{Stop{}, [](const Done&) {}});
}

// Asks the election to hand leadership over, and waits as long as interface.md allows.
void Daemon::hand_over(Deadline deadline) noexcept {
    const auto over = std::make_shared<std::promise<void>>();
    auto done = over->get_future();
    if (!mailbox_.post(CommandArrived{Stop{}, [over](const Done&) { over->set_value(); }})) return;
    if (done.wait_until(deadline) != std::future_status::ready) {
        log_.warning(
            "the hand-over did not end in time; the others elect a leader after election_timeout");
    }
}

bool Daemon::stop_discoveries(Deadline deadline) noexcept {
    const auto limit = std::min(deadline, std::chrono::steady_clock::now() + kWithdrawLimit);
    bool ended = watchdog_.stop(limit) && left_behind_.empty();
    ended = identity_watch_.stop(limit) && ended;
    if (certificates_) ended = certificates_->stop(limit) && ended;
    if (discoveries_) ended = discoveries_->stop(limit) && ended;
    return ended;
}

// Uses a thread of its own: the transport may wait for a name look-up, and the loop for the disk.
bool Daemon::end_threads(Deadline deadline) noexcept {
    const auto end_all = [this] {
        ending_ = "control API";
        if (control_) control_->stop();
        ending_ = "transport";
        if (transport_) transport_->stop();
        ending_ = "election";
        if (loop_) loop_->stop();
        loop_.reset();
        node_.reset();
    };
    AbandonableThread ender;
    try {
        ender = AbandonableThread(end_all);
    } catch (const std::system_error&) {
        end_all();  // no thread could be started: wait without a limit
    }
    if (ender.join_until(deadline)) return true;
    log_.warning("a part does not end: a name look-up, the network or the disk does not answer",
                 {{"part", ending_.load()}});
    return false;
}

}  // namespace electiond
