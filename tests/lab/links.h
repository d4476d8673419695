// Which nodes receive messages from which: each link among N nodes may be cut, in one direction or
// both.
#pragma once

#include <set>
#include <utility>

namespace electiond::lab {

class Links {
  public:
    explicit Links(int nodes) : nodes_(nodes) {}

    // The undirected graph whose links are the bits of `graph`: {1,2}, {1,3}, … {2,3}, ….
    [[nodiscard]] static Links of_graph(int nodes, unsigned graph) {
        Links links(nodes);
        for (int a = 1; a <= nodes; ++a) {
            for (int b = a + 1; b <= nodes; ++b, graph >>= 1) {
                if ((graph & 1) == 0) links.cut(a, b);
            }
        }
        return links;
    }

    Links& cut_one_way(int from, int to) {
        if (from != to) cut_.emplace(from, to);
        return *this;
    }
    Links& cut(int a, int b) { return cut_one_way(a, b).cut_one_way(b, a); }
    Links& deafen(int node) {
        return each_other(node, [&](int o) { cut_one_way(o, node); });
    }
    Links& mute(int node) {
        return each_other(node, [&](int o) { cut_one_way(node, o); });
    }
    Links& isolate(int node) { return deafen(node).mute(node); }

    // True if it has links in both directions to so many of the voters `awake` that they are a
    // quorum.
    [[nodiscard]] bool reaches_quorum(int node, const std::set<int>& awake) const {
        int reached = 0;
        for (const int other : awake) {
            if (!cut_.contains({node, other}) && !cut_.contains({other, node})) ++reached;
        }
        return awake.contains(node) && reached > nodes_ / 2;
    }
    [[nodiscard]] bool reaches_quorum(int node) const { return reaches_quorum(node, all()); }

    [[nodiscard]] std::set<int> all() const {
        std::set<int> nodes;
        for (int node = 1; node <= nodes_; ++node) nodes.insert(node);
        return nodes;
    }
    // Each direction that is cut, as a pair of nodes.
    [[nodiscard]] const std::set<std::pair<int, int>>& cuts() const { return cut_; }

  private:
    template <class Action>
    Links& each_other(int node, Action action) {
        for (const int other : all()) {
            if (other != node) action(other);
        }
        return *this;
    }

    int nodes_;
    std::set<std::pair<int, int>> cut_;
};

}  // namespace electiond::lab
