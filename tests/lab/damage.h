// The faults of a lab at a moment, as a value: chosen and checked first, then applied to the lab.
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

    // The nodes that can help a leader.
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
