// asking: how fast a leader answers GET /leader over connections that are kept, each of which asks
// again as soon as it is answered.
#include <cstdio>
#include <thread>

#include "bench.h"
#include "clients.h"
#include "latencies.h"
#include "probe.h"

namespace electiond::cluster {
namespace {

using Clock = std::chrono::steady_clock;

struct Asked {
    Latencies latencies;
    std::uint64_t errors = 0;  // of sockets
    std::uint64_t other_statuses = 0;
    double seconds = 0;
};

// By blocking calls: nothing between the client and the kernel.
Asked ask_over_one(std::uint16_t port, std::chrono::seconds length) {
    Asked asked;
    Probe probe(port, "GET /leader");
    const auto begun = Clock::now();
    for (auto now = begun; now < begun + length;) {
        const int status = probe.ask();
        const auto answered = Clock::now();
        asked.latencies.add(answered - now);
        now = answered;
        if (status == 0) ++asked.errors;
        if (status != 0 && status != 200) ++asked.other_statuses;
    }
    asked.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    return asked;
}

// All on one loop.
class Askers {
  public:
    Askers(std::uint16_t port, int connections)
        : clients_(port), request_(clients_.request("GET /leader")) {
        for (int n = 0; n < connections; ++n) clients_.spawn(ask());
    }

    Asked run(std::chrono::seconds length) {
        const auto begun = Clock::now();
        clients_.start();
        std::this_thread::sleep_for(length);
        clients_.end();
        asked_.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
        asked_.errors = outcomes_.without_answer();
        for (const auto& [status, times] : outcomes_.by_status) {
            if (status != 200) asked_.other_statuses += times;
        }
        return asked_;
    }

  private:
    // Connects again after an error.
    io::Async<> ask() {
        while (!clients_.ending()) {
            const auto stream = co_await clients_.connect(outcomes_);
            while (stream && !stream->broken()) {
                const auto sent = Clock::now();
                stream->send(request_);
                const auto reply = co_await clients_.read(*stream, outcomes_);
                if (!reply) break;
                asked_.latencies.add(Clock::now() - sent);
                if (!reply.keep_alive) break;
            }
            if (stream) stream->cut();
        }
    }

    Clients clients_;
    const std::string request_;
    Outcomes outcomes_;
    Asked asked_;
};

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["election-timeout"] = "1000ms";
    known.insert({{"connections", "1"}, {"seconds", "5"}});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    const int connections = options.number("connections");
    const std::chrono::seconds length(options.number("seconds"));
    LocalCluster cluster(plan);
    cluster.start_all();
    const int leader = cluster.await_leader(plan.nodes);
    if (leader == 0) give_up(cluster, "nobody leads");
    std::this_thread::sleep_for(3 * plan.election_timeout);  // past growth and the first hellos

    const auto port = cluster.api_port(leader);
    const auto asked =
        connections == 1 ? ask_over_one(port, length) : Askers(port, connections).run(length);
    std::printf("GET /leader over %d kept connections for %.0f s: %s\n", connections, asked.seconds,
                in_words(plan).c_str());
    std::printf("  median %.3f ms  p99 %.3f ms  max %.3f ms  %.0f a second\n",
                asked.latencies.median(), asked.latencies.p99(), asked.latencies.max(),
                static_cast<double>(asked.latencies.size()) / asked.seconds);
    std::printf("  socket errors %llu  statuses other than 200 %llu\n",
                static_cast<unsigned long long>(asked.errors),
                static_cast<unsigned long long>(asked.other_statuses));
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
