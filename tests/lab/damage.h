// What is broken in a lab at a moment, as a value: made up, weighed, then done to the real one.
#pragma once

#include <set>

#include "links.h"

namespace electiond::lab {

struct Damage {
    explicit Damage(int nodes) : links(nodes) {}

    Links links;
    std::set<int> killed;
    std::set<int> stopped;       // SIGSTOP
    std::set<int> bad_disk;      // runs until it has to remember something
    std::set<int> cannot_start;  // killed, and started on a disk that fails

    // Those on whose help a leader may count.
    [[nodiscard]] std::set<int> awake() const {
        auto nodes = links.all();
        for (const auto* lost : {&killed, &stopped, &bad_disk, &cannot_start}) {
            for (const int node : *lost) nodes.erase(node);
        }
        return nodes;
    }
    [[nodiscard]] bool allows_a_leader() const {
        const auto nodes = awake();
        for (const int node : nodes) {
            if (links.reaches_quorum(node, nodes)) return true;
        }
        return false;
    }
};

}  // namespace electiond::lab
