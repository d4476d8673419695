// load: what a crowd of clients does to a leader: 5,000 idle connections, 1,000 long polls, 64 that
// send a byte a second, and 10,000 requests a second at a fixed rate. Exits with 1 if it breaks a
// bar.
#include <sys/resource.h>

#include <io/descriptor_limit.h>

#include <cstdio>
#include <iostream>
#include <thread>
#include <tuple>
#include <utility>

#include "bench.h"
#include "crowd.h"
#include "load_report.h"
#include "offered.h"
#include "responder.h"
#include "watch.h"

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kRamp = 15s;   // at most, until the crowd stands
constexpr auto kGrace = 10s;  // for what is under way when the offering ends
constexpr double kProbeRate = 50;

double own_processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void sleep_for(Milliseconds length) { std::this_thread::sleep_for(length); }

// All that asks one server. The two loops are two threads: the crowd and the probes do not wait
// for the offered requests.
class Attack {
  public:
    Attack(std::uint16_t port, const LoadPlan& plan)
        : plan_(plan),
          many_(port),
          few_(port),
          crowd_(few_, plan.crowd),
          kept_(few_, "GET /livez", kProbeRate, 1),
          fresh_(few_, "GET /livez", kProbeRate),
          offered_(many_, "GET /leader", plan.rate, plan.connections) {
        crowd_.start();
        kept_.start();
        fresh_.start();
        few_.start();
    }

    // Until the crowd stands, or it has had time enough to: then the server does not let it.
    bool gather() {
        return wait_until([&] { return crowd_.complete(); }, kRamp);
    }

    void offer(Milliseconds length) {
        offered_.start();
        many_.start();
        sleep_for(length);
        offered_.stop_offering();
        kept_.stop_offering();
        fresh_.stop_offering();
        standing_ = {crowd_.idle(), crowd_.polls(), crowd_.drippers()};
        (void)wait_until(
            [&] {
                return offered_.outstanding() + kept_.outstanding() + fresh_.outstanding() == 0;
            },
            kGrace);
    }

    AttackFigures end() {
        many_.end();
        few_.end();
        return {.livez_kept = kept_.figures(),
                .livez_fresh = fresh_.figures(),
                .offered = offered_.figures(),
                .crowd = crowd_.figures(),
                .standing = standing_};
    }

  private:
    const LoadPlan& plan_;
    Clients many_, few_;
    Crowd crowd_;
    KeptRequests kept_;
    FreshRequests fresh_;
    KeptRequests offered_;
    Standing standing_;
};

// Nobody but two probes asks it: how late an answer is on this machine at this time in any case.
class IdleProbes {
  public:
    explicit IdleProbes(std::uint16_t port)
        : clients_(port),
          kept_(clients_, "GET /livez", kProbeRate, 1),
          fresh_(clients_, "GET /livez", kProbeRate) {
        kept_.start();
        fresh_.start();
        clients_.start();
    }

    std::pair<Offered, Offered> end() {
        kept_.stop_offering();
        fresh_.stop_offering();
        (void)wait_until([&] { return kept_.outstanding() + fresh_.outstanding() == 0; }, kGrace);
        clients_.end();
        return {kept_.figures(), fresh_.figures()};
    }

  private:
    Clients clients_;
    KeptRequests kept_;
    FreshRequests fresh_;
};

// One cluster, one responder, one crowd.
class Round {
  public:
    explicit Round(const LoadPlan& plan)
        : plan_(plan),
          cluster_(plan.cluster),
          port_(cluster_.ports().next()),
          responder_({"/proc/self/exe", "--respond-at", std::to_string(port_)},
                     folder_ / "responder") {
        cluster_.start_all();
        const int leader = cluster_.await_leader(plan.cluster.nodes);
        if (leader == 0) give_up(cluster_, "nobody leads");
        for (const int node : cluster_.running()) {
            const Watch::Node its{.api = cluster_.api_port(node),
                                  .pid = cluster_.process(node).pid()};
            if (node == leader)
                leader_ = its;
            else
                follower_ = its;
            nodes_.push_back(its.pid);
        }
        if (!wait_until([&] { return ask(port_, "GET", "/livez").code == 200; }))
            give_up(cluster_, "the idle responder does not answer: " + read(folder_ / "responder"));
        sleep_for(3 * plan.cluster.election_timeout);  // past the first hellos
    }

    LoadFigures measure() {
        LoadFigures figures;
        {
            Watch unloaded(leader_, follower_);
            sleep_for(plan_.unloaded);
            unloaded.end();
            figures.unloaded_round_trips = unloaded.round_trips();
        }
        warm_up();
        figures.before = usage_of(leader_.pid);
        attack(figures);
        await_return(figures);
        control(figures);
        return figures;
    }

    [[nodiscard]] std::string logs() const { return cluster_.logs(); }

  private:
    double nodes_processor_seconds() const {
        double all = 0;
        for (const auto pid : nodes_) all += usage_of(pid).processor_seconds;
        return all;
    }

    // A few of each kind, so that memory for code that has never run is not taken for the crowd's.
    void warm_up() {
        const auto cold = usage_of(leader_.pid);
        auto few = plan_;
        few.crowd = {.idle = 20, .polls = 10, .drippers = 2, .poll_wait = 1s};
        few.rate = 200;
        few.connections = 10;
        Attack attack(leader_.api, few);
        (void)attack.gather();
        attack.offer(2s);
        (void)attack.end();
        (void)wait_until([&] { return usage_of(leader_.pid).descriptors <= cold.descriptors; }, 5s);
    }

    void attack(LoadFigures& figures) {
        Watch watch(leader_, follower_);
        IdleProbes idle(port_);
        Attack attack(leader_.api, plan_);
        const auto begun = Clock::now();
        figures.gathered = attack.gather();
        figures.gathering = std::chrono::duration<double>(Clock::now() - begun).count();

        const auto from = Clock::now();
        const double own = own_processor_seconds();
        const double nodes = nodes_processor_seconds();
        const double leader = usage_of(leader_.pid).processor_seconds;
        attack.offer(plan_.length);
        const auto seconds = std::chrono::duration<double>(Clock::now() - from).count();
        figures.own_cores = (own_processor_seconds() - own) / seconds;
        figures.nodes_cores = (nodes_processor_seconds() - nodes) / seconds;
        figures.leader_cores = (usage_of(leader_.pid).processor_seconds - leader) / seconds;

        std::tie(figures.idle_kept, figures.idle_fresh) = idle.end();
        figures.daemon = attack.end();
        watch.end();
        figures.loaded_round_trips = watch.round_trips();
        figures.elections = watch.elections();
        figures.leaders = watch.leaders().size();
        figures.peak = watch.peak();
        figures.after = usage_of(leader_.pid);
    }

    // Until memory and descriptors are what they were, or the time for that is over.
    void await_return(LoadFigures& figures) {
        const auto from = Clock::now();
        (void)wait_until(
            [&] {
                figures.back = usage_of(leader_.pid);
                return plan_.bars.is_back(figures.before, figures.back);
            },
            plan_.cool_down);
        figures.cooling = std::chrono::duration<double>(Clock::now() - from).count();
    }

    // The same crowd at the responder.
    void control(LoadFigures& figures) {
        if (plan_.control == 0ms) return;
        Attack attack(port_, plan_);
        (void)attack.gather();
        attack.offer(plan_.control);
        figures.responder = attack.end();
    }

    const LoadPlan& plan_;
    LocalCluster cluster_;
    Folder folder_;
    const std::uint16_t port_;
    Process responder_;
    Watch::Node leader_, follower_;
    std::vector<pid_t> nodes_;
};

std::map<std::string, std::string> known_options() {
    auto known = plan_options();
    known["election-timeout"] = "150ms";
    known["heartbeat"] = "15ms";
    known.insert({{"idle", "5000"},
                  {"polls", "1000"},
                  {"poll-wait", "10s"},
                  {"drippers", "64"},
                  {"rate", "10000"},
                  {"connections", "100"},
                  {"length", "60s"},
                  {"unloaded", "10s"},
                  {"control", "15s"},
                  {"cool-down", "60s"},
                  {"rounds", "3"},
                  {"livez-above", "50ms"},
                  {"heartbeat-above", "20ms"},
                  {"back-within", "10"},
                  {"memory-within", "10"}});
    return known;
}

LoadPlan load_plan_of(const Options& options) {
    return {.cluster = plan_of(options),
            .crowd = {.idle = options.number("idle"),
                      .polls = options.number("polls"),
                      .drippers = options.number("drippers"),
                      .poll_wait = std::chrono::duration_cast<std::chrono::seconds>(
                          options.duration("poll-wait"))},
            .rate = static_cast<double>(options.number("rate")),
            .connections = options.number("connections"),
            .length = options.duration("length"),
            .unloaded = options.duration("unloaded"),
            .control = options.duration("control"),
            .cool_down = options.duration("cool-down"),
            .bars = {.livez_above = options.duration("livez-above"),
                     .heartbeat_above = options.duration("heartbeat-above"),
                     .descriptors_percent = options.number("back-within"),
                     .memory_percent = options.number("memory-within")}};
}

int measure(int argc, char** argv) {
    const Options options(argc, argv, known_options());
    const auto plan = load_plan_of(options);
    const int rounds = options.number("rounds");
    for (int round = 1; round <= rounds; ++round) {
        Round one(plan);
        io::raise_descriptor_limit();  // each connection is one here, too
        const auto figures = one.measure();
        std::printf("round %d of at most %d\n", round, rounds);
        print(plan, figures);
        if (print_verdicts(plan, figures)) return 0;
        if (figures.elections > 0) std::cerr << one.logs() << std::endl;
    }
    return 1;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "--respond-at") {
        electiond::io::raise_descriptor_limit();
        electiond::cluster::respond_at(static_cast<std::uint16_t>(std::stoi(argv[2])));
        return 0;
    }
    return electiond::cluster::measure(argc, argv);
}
