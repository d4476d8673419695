// Every graph of links among four nodes, and a sample of those among five: a leader exists exactly
// where some node reaches a quorum, and then nothing stirs.
#include <deque>
#include <numeric>
#include <random>

#include "lab_test.h"

namespace electiond::lab {
namespace {

using Clock = std::chrono::steady_clock;

// Each graph is watched until it has been calm for so long. Where nodes starve for a moment, it is
// watched longer; where terms grow without end, as without pre-vote, it never becomes calm.
constexpr Milliseconds kElectionTimeout = kSteady / 2;
constexpr Milliseconds kCalm = 4 * kElectionTimeout;

// One of the labs that are swept side by side.
class Plot {
  public:
    explicit Plot(int nodes)
        : lab_({.nodes = nodes,
                .election_timeout = kElectionTimeout,
                .look_every = Milliseconds{50 * kSlowness}}) {
        lab_.start_all();
        founded_ = lab_.await_agreement() != 0;  // one after the other: starting is what costs
    }

    [[nodiscard]] bool settle() {
        lab_.heal();
        return founded_ && lab_.await_agreement() != 0;
    }

    void set(unsigned graph) {
        graph_ = graph;
        links_ = Links::of_graph(lab_.plan().nodes, graph);
        lab_.set(links_);
        changes_ = lab_.watcher().changes();
        begun_ = calm_since_ = Clock::now();
        watched_.reset();
    }

    [[nodiscard]] bool allows_a_leader() const {
        return std::ranges::any_of(links_.all(), [&](int n) { return links_.reaches_quorum(n); });
    }

    // True once who leads is as it must be and has been for long enough; to be asked often.
    [[nodiscard]] bool done() {
        if (watched_) return true;
        const auto now = Clock::now();
        const auto leading = lab_.leading();
        const bool right = allows_a_leader()
                               ? leading.size() == 1 && links_.reaches_quorum(*leading.begin())
                               : leading.empty();
        if (const auto changes = lab_.watcher().changes(); changes != changes_ || !right) {
            changes_ = changes;
            calm_since_ = now;
        }
        if (now - calm_since_ >= kCalm) watched_ = now - begun_;
        return watched_.has_value();
    }

    [[nodiscard]] unsigned graph() const { return graph_; }
    [[nodiscard]] Clock::duration watched() const { return watched_.value_or(Clock::duration{}); }
    [[nodiscard]] std::vector<std::string> faults() const { return lab_.watcher().faults(); }

  private:
    JudgedLab lab_;
    bool founded_ = false;
    unsigned graph_ = 0;
    Links links_{0};
    std::size_t changes_ = 0;
    Clock::time_point begun_, calm_since_;
    std::optional<Clock::duration> watched_;
};

class Graphs : public LabTest {
  protected:
    void sweep(int nodes, const std::vector<unsigned>& graphs, std::size_t at_once) {
        std::deque<Plot> plots;
        while (plots.size() < at_once) plots.emplace_back(nodes);
        for (std::size_t i = 0; i < graphs.size(); i += at_once) {
            for (auto& plot : plots) ASSERT_TRUE(plot.settle()) << "after " << plot.graph();
            for (std::size_t k = 0; k < at_once; ++k) plots[k].set(graphs.at(i + k));
            const bool done = cluster::wait_until(
                [&] {  // all of them are asked, each time
                    return std::accumulate(plots.begin(), plots.end(), true,
                                           [](bool all, Plot& p) { return p.done() && all; });
                },
                std::chrono::seconds(60));
            for (auto& plot : plots) {
                EXPECT_TRUE(done && plot.done()) << "graph " << plot.graph();
                with_leader_ += plot.allows_a_leader() ? 1 : 0;
                watched_.push_back(std::chrono::duration<double>(plot.watched()).count());
            }
            ASSERT_FALSE(HasFailure());
        }
        const auto [least, most] = std::ranges::minmax(watched_);
        std::cout << graphs.size() << " graphs of " << nodes
                  << " nodes, E = " << kElectionTimeout.count() << " ms: " << with_leader_
                  << " had a leader, as they must, the others none; each watched for " << least
                  << " to " << most << " s, the last " << kCalm.count() << " ms without a change"
                  << std::endl;
    }

    int with_leader_ = 0;
    std::vector<double> watched_;
};

TEST_F(Graphs, AllOfFourNodesHaveALeaderExactlyWhereANodeReachesAQuorum) {
    std::vector<unsigned> graphs(64);
    std::iota(graphs.begin(), graphs.end(), 0U);
    sweep(4, graphs, 8 / kSlowness);
    EXPECT_EQ(with_leader_, 54);
}

TEST_F(Graphs, ASampleOfFiveNodesHaveALeaderExactlyWhereANodeReachesAQuorum) {
    std::mt19937 random(20);
    std::vector<unsigned> graphs(20);
    for (auto& graph : graphs)
        graph = static_cast<unsigned>(random() & random() & 1023);  // few links
    sweep(5, graphs, 4);
}

}  // namespace
}  // namespace electiond::lab
