// Polls one discovery from a thread of its own.
#include "node/scout.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "node/clock.h"
#include "node/fault_log.h"

namespace electiond {
namespace {

constexpr char kAnnounce[] = "announce";
constexpr char kPoll[] = "poll";
constexpr char kClaim[] = "claim";
constexpr char kWithdraw[] = "withdraw";

// Time for a call to end after the stop of its token was requested.
constexpr Milliseconds kGrace{500};
// A failed claim that is not tried again is forgotten after this time.
constexpr Milliseconds kClaimForgotten{60'000};

std::string seconds(Duration duration) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(duration).count()) + " s";
}

std::string silence(Duration duration) { return "has not answered for " + seconds(duration); }

// Hanging and failing are limited separately: the operator must learn which of the two it is.
std::string hanging(const std::string& call) { return call + " hangs"; }

// The election compares each address with all others, and sends a request to each: too many would
// keep its thread busy for seconds, and leave no connection to the voters.
void refuse_too_many(const std::vector<Peer>& peers) {
    std::size_t count = 0;
    for (const auto& peer : peers) count += std::max<std::size_t>(peer.addresses.size(), 1);
    if (count <= kSnapshotAddressesMax) return;
    throw Error("it returns " + std::to_string(count) + " addresses, but the limit is " +
                std::to_string(kSnapshotAddressesMax) +
                "; remove those that do not belong to this cluster");
}

}  // namespace

// What the thread does, and all the data that it uses.
class Scout::Rounds {
  public:
    Rounds(std::size_t source, std::unique_ptr<Discovery> discovery, Peer self, std::string cluster,
           Milliseconds interval, std::function<void(Event)> post, Log log, Milliseconds call_limit,
           std::string plugin)
        : source_(source),
          discovery_(std::move(discovery)),
          is_constant_(dynamic_cast<ConstantDiscovery*>(discovery_.get()) != nullptr),
          self_(std::move(self)),
          cluster_(std::move(cluster)),
          interval_(interval),
          call_limit_(call_limit),
          post_(std::move(post)),
          log_(std::move(log)) {
        report_.plugin = std::move(plugin);
    }

    void run();
    void request_stop();
    // Requests the stop of the call under way, withdraw included.
    void stop_call();
    // Nothing is posted or logged from now on.
    void abandon();
    void claim(const Claim& mine);
    bool watch(Instant now);
    [[nodiscard]] bool hangs() const;
    [[nodiscard]] ScoutReport report() const;

  private:
    struct UnderWay {
        std::string call;
        Instant since;
        std::stop_source stop{};
        bool overran = false;
    };
    struct Fault {
        std::string error;
        Instant since;
        Instant last;
    };

    [[nodiscard]] bool is_known_for_good() const { return is_constant_ && report_.polls_ok > 0; }
    [[nodiscard]] bool is_poll_due(std::chrono::steady_clock::time_point next) const;
    void poll();
    void ask(const Claim& mine);
    template <class Act>
    bool call(const std::string& name, const Act& act);
    [[nodiscard]] std::stop_token begin(const std::string& name);
    bool end(const std::string& name, const std::string& error);
    void post(Event event);
    void log_failure(const std::string& name, const std::string& error, Instant now);
    void log_recovery(const std::string& name, Instant now);
    void forget_claim(Instant now);
    [[nodiscard]] std::string consequence(const std::string& name) const;
    [[nodiscard]] ScoutFailure hang_of(const UnderWay& call, Instant now) const;

    const std::size_t source_;
    std::unique_ptr<Discovery> discovery_;     // used by the thread alone
    const bool is_constant_;                   // polled until that has worked once
    std::optional<std::vector<Peer>> posted_;  // the last snapshot; by the thread alone
    const Peer self_;
    const std::string cluster_;
    const Milliseconds interval_;
    const Milliseconds call_limit_;

    mutable std::mutex mutex_;  // all below
    std::condition_variable wake_;
    std::function<void(Event)> post_;
    Log log_;
    bool stopping_ = false;
    bool abandoned_ = false;
    std::optional<Claim> wanted_;
    std::optional<UnderWay> under_way_;
    std::map<std::string, Fault> faults_;  // by call
    FaultLog fault_log_;
    ScoutReport report_;
};

// ---- the thread ---------------------------------------------------------------------------------

void Scout::Rounds::run() {
    auto next_poll = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (auto wanted = std::exchange(wanted_, std::nullopt)) {
            lock.unlock();
            ask(*wanted);
            lock.lock();
        } else if (is_poll_due(next_poll)) {
            next_poll = std::chrono::steady_clock::now() + interval_;
            lock.unlock();
            poll();
            lock.lock();
        } else if (is_known_for_good()) {
            wake_.wait(lock, [this] { return stopping_ || wanted_; });
        } else {
            wake_.wait_until(lock, next_poll, [this] { return stopping_ || wanted_; });
        }
    }
    const bool withdraws = !abandoned_;
    lock.unlock();
    if (withdraws) {
        call(kWithdraw, [this](std::stop_token stop) { discovery_->withdraw(std::move(stop)); });
    }
    discovery_.reset();  // on this thread, since a destructor may hang, too
}

bool Scout::Rounds::is_poll_due(std::chrono::steady_clock::time_point next) const {
    return !is_known_for_good() && std::chrono::steady_clock::now() >= next;
}

// Polls also if announce failed: a registry that we cannot write may still be readable.
void Scout::Rounds::poll() {
    std::vector<Peer> peers;
    const bool announced = call(
        kAnnounce, [&](std::stop_token stop) { discovery_->announce(self_, std::move(stop)); });
    const bool polled = call(kPoll, [&](std::stop_token stop) {
        peers = discovery_->poll(std::move(stop));
        refuse_too_many(peers);
    });
    {
        const std::lock_guard lock(mutex_);
        if (!announced || !polled) ++report_.polls_failed;
        if (!polled) return;
        report_.good_at = read_boot_clock();
        report_.peers = peers.size();
        if (announced) ++report_.polls_ok;
    }
    if (peers == posted_) return;
    posted_ = peers;
    post(PeersPolled{source_, std::move(peers)});
}

void Scout::Rounds::ask(const Claim& mine) {
    std::optional<Claim> stored;
    call(kClaim, [&](std::stop_token stop) {
        auto* arbiter = discovery_->arbiter();
        if (arbiter == nullptr)
            throw Error("this discovery plugin is not an arbiter", Error::refused);
        stored = arbiter->claim(cluster_, mine, std::move(stop));
    });
    post(ArbiterAnswered{std::move(stored)});
}

// Runs one call where watch() sees it. False if it failed.
template <class Act>
bool Scout::Rounds::call(const std::string& name, const Act& act) {
    auto stop = begin(name);
    std::string error;
    try {
        act(std::move(stop));
    } catch (const std::exception& thrown) {
        error = thrown.what();
        if (error.empty()) error = "it does not say why";
    } catch (...) {
        error = "it threw something that is not a std::exception";
    }
    return end(name, error);
}

std::stop_token Scout::Rounds::begin(const std::string& name) {
    const std::lock_guard lock(mutex_);
    under_way_ = UnderWay{.call = name, .since = read_boot_clock()};
    // If the scout is ending, the rest of the round must be short. withdraw has its own limit.
    if (abandoned_ || (stopping_ && name != kWithdraw)) under_way_->stop.request_stop();
    return under_way_->stop.get_token();
}

bool Scout::Rounds::end(const std::string& name, const std::string& error) {
    const std::lock_guard lock(mutex_);
    const auto now = read_boot_clock();
    const auto done = *std::exchange(under_way_, std::nullopt);
    if (done.overran) {
        report_.last_failure = hang_of(done, now);
    } else if (!error.empty() && !stopping_) {
        report_.last_failure = {name, error, now, false};
    }
    if (error.empty()) {
        faults_.erase(name);
        log_recovery(name, now);
        return true;
    }
    auto& fault = faults_.try_emplace(name, Fault{{}, done.since, {}}).first->second;
    fault.error = error;
    fault.last = now;
    // The error of a stopped call says only that it was stopped: the cause is logged already, or
    // the scout is ending.
    if (!done.overran && !stopping_) log_failure(name, error, now);
    return false;
}

void Scout::Rounds::post(Event event) {
    const std::lock_guard lock(mutex_);
    if (!abandoned_) post_(std::move(event));
}

// ---- the log ------------------------------------------------------------------------------------

void Scout::Rounds::log_failure(const std::string& name, const std::string& error, Instant now) {
    const auto due = fault_log_.failed(name, error, now);
    if (!due || abandoned_) return;
    log_.warning("discovery fails, " + consequence(name) + ": " + error + due->suffix(),
                 {{"plugin", report_.plugin}, {"call", name}});
}

void Scout::Rounds::log_recovery(const std::string& name, Instant now) {
    const auto failed = fault_log_.worked(name, now);
    const auto hung = fault_log_.worked(hanging(name), now);
    if ((!failed && !hung) || abandoned_) return;
    const auto away =
        std::max(failed ? failed->away : Duration{}, hung ? hung->away + call_limit_ : Duration{});
    log_.info("discovery works again after " + seconds(away),
              {{"plugin", report_.plugin}, {"call", name}});
}

// What follows from a call that does not work.
std::string Scout::Rounds::consequence(const std::string& name) const {
    if (name == kAnnounce) return "nodes that do not know this one yet may not find it";
    if (name == kClaim) return "this node founds no cluster and renews no claim";
    if (name == kWithdraw) return "the entry of this node may stay there";
    return report_.good_at ? "its last good answer stays in use" : "it has not named any node yet";
}

// ---- from other threads -------------------------------------------------------------------------

bool Scout::Rounds::watch(Instant now) {
    std::optional<std::stop_source> late;
    {
        const std::lock_guard lock(mutex_);
        forget_claim(now);
        if (!under_way_) return !is_known_for_good() || wanted_ || stopping_ || !faults_.empty();
        if (now - under_way_->since < call_limit_) return true;
        const auto& call = under_way_->call;
        if (!std::exchange(under_way_->overran, true)) late = under_way_->stop;
        const auto quiet = silence(now - under_way_->since);
        if (fault_log_.failed(hanging(call), "", now) && !abandoned_) {
            // Whichever call hangs: meanwhile nothing is polled.
            const std::string lost = call == kWithdraw ? kWithdraw : kPoll;
            log_.warning("discovery " + quiet + ", " + consequence(lost) +
                             "; check the file system or network that it uses",
                         {{"plugin", report_.plugin}, {"call", call}});
        }
    }
    // Not under the lock: callbacks that the plugin registered with its token run here.
    if (late) late->request_stop();
    return true;
}

// A node that no longer needs its claim does not try again: that is no failure.
void Scout::Rounds::forget_claim(Instant now) {
    const auto claim = faults_.find(kClaim);
    if (claim == faults_.end() || now - claim->second.last < kClaimForgotten) return;
    faults_.erase(claim);
    fault_log_.forget(kClaim);
    fault_log_.forget(hanging(kClaim));
}

void Scout::Rounds::request_stop() {
    std::optional<std::stop_source> running;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (under_way_ && under_way_->call != kWithdraw) running = under_way_->stop;
    }
    wake_.notify_all();
    if (running) running->request_stop();
}

void Scout::Rounds::stop_call() {
    std::optional<std::stop_source> running;
    {
        const std::lock_guard lock(mutex_);
        if (under_way_) running = under_way_->stop;
    }
    if (running) running->request_stop();
}

void Scout::Rounds::abandon() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(abandoned_, true)) return;
    const auto call = under_way_ ? under_way_->call : std::string("end");
    log_.warning("a call to discovery does not return; its thread is left behind",
                 {{"plugin", report_.plugin}, {"call", call}});
}

void Scout::Rounds::claim(const Claim& mine) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = mine;
    }
    wake_.notify_all();
}

bool Scout::Rounds::hangs() const {
    const std::lock_guard lock(mutex_);
    return under_way_ && read_boot_clock() - under_way_->since >= call_limit_;
}

ScoutReport Scout::Rounds::report() const {
    const auto now = read_boot_clock();
    const std::lock_guard lock(mutex_);
    auto report = report_;
    if (is_known_for_good()) report.good_at = now;
    const bool late = under_way_ && now - under_way_->since >= call_limit_;
    for (const auto& [name, fault] : faults_) {
        if (late && under_way_->call == name) continue;
        report.faults.push_back({name, fault.error, fault.since, false});
    }
    if (late) {
        report.last_failure = hang_of(*under_way_, now);
        report.faults.push_back(
            {under_way_->call, report.last_failure->error, under_way_->since, true});
    }
    for (const auto& fault : report.faults) {
        if (report.fault.find(fault.error) != std::string::npos) continue;
        report.fault += (report.fault.empty() ? "" : "; ") + fault.error;
    }
    return report;
}

ScoutFailure Scout::Rounds::hang_of(const UnderWay& call, Instant now) const {
    return {call.call, call.call + " " + silence(now - call.since), call.since + call_limit_, true};
}

// ---- the scout ----------------------------------------------------------------------------------

Scout::Scout(std::size_t source, std::string plugin, std::unique_ptr<Discovery> discovery,
             Peer self, std::string cluster, Milliseconds interval, std::function<void(Event)> post,
             Log log, Milliseconds call_limit)
    : rounds_(std::make_shared<Rounds>(source, std::move(discovery), std::move(self),
                                       std::move(cluster), interval, std::move(post),
                                       std::move(log), call_limit, std::move(plugin))) {}

Scout::~Scout() { (void)stop(std::chrono::steady_clock::now() + kCallLimit); }

void Scout::start() {
    thread_ = AbandonableThread([rounds = rounds_] { rounds->run(); });
}

void Scout::request_stop() noexcept { rounds_->request_stop(); }

bool Scout::stop(Deadline deadline) noexcept {
    rounds_->request_stop();
    const auto now = std::chrono::steady_clock::now();
    // A call that is known to hang gets no more than the grace, which it had once already.
    const auto patient_until = rounds_->hangs() ? now : deadline - kGrace;
    if (!thread_.ended_by(patient_until)) rounds_->stop_call();
    if (thread_.join_until(std::min(deadline, std::max(now, patient_until) + kGrace))) return true;
    rounds_->abandon();
    return false;
}

void Scout::claim(const Claim& mine) { rounds_->claim(mine); }
bool Scout::watch(Instant now) { return rounds_->watch(now); }
ScoutReport Scout::report() const { return rounds_->report(); }

}  // namespace electiond
