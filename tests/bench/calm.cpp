// calm: does a cluster keep its leader while other programs want the processors? Exits with 1 if
// not.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "bench.h"

namespace electiond::cluster {
namespace {

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["transport"] = "tcp";
    known["election-timeout"] = "50ms";
    known.insert({{"length", "600s"}, {"busy-loops", "4"}});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    LocalCluster cluster(plan);
    cluster.start_all();
    const int leader = cluster.await_leader(plan.nodes);
    if (leader == 0) give_up(cluster, "nobody leads");

    std::atomic<bool> over = false;
    std::vector<std::jthread> loops;
    for (int i = 0; i < options.number("busy-loops"); ++i) {
        loops.emplace_back([&over] {
            while (!over.load(std::memory_order_relaxed)) {
            }
        });
    }
    const auto before = cluster.term(leader);
    std::this_thread::sleep_for(options.duration("length"));
    over = true;
    const int last = cluster.await_leader();
    if (last == 0) give_up(cluster, "nobody leads");
    const auto terms = static_cast<long>(cluster.term(last) - before);
    std::printf("%s, %d busy loops: %ld new terms in %s\n", in_words(plan).c_str(),
                options.number("busy-loops"), terms, options.text("length").c_str());
    return terms == 0 ? 0 : 1;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
