// Keeps a short list of addresses free of repetitions.
#pragma once

#include <algorithm>
#include <vector>

#include <electiond/peer.h>

namespace electiond {

inline void add_once(std::vector<Endpoint>& list, const Endpoint& endpoint) {
    if (std::ranges::find(list, endpoint) == list.end()) list.push_back(endpoint);
}

}  // namespace electiond
