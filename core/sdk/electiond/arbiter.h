// What an arbiter does: it decides once, for all nodes, which node founds a cluster.
#pragma once

#include <stop_token>
#include <string>

#include <electiond/error.h>
#include <electiond/peer.h>

namespace electiond {

// A discovery may be one (Discovery::arbiter). The first claim is stored, and all nodes get that
// one. What is stored changes only by replace_claim; otherwise two clusters would be founded
// (protocol.md, section 6).
//
// Threads, stop tokens and errors: as for Discovery; the same thread makes all calls, one at a
// time. If a call cannot find out what is stored, it throws; it never guesses.
class ELECTIOND_EXPORT Arbiter {
  public:
    virtual ~Arbiter() = default;

    // Stores `mine` for `cluster` if nothing is stored yet, atomically and durably, and returns
    // what is stored now: `mine` or the claim of another node.
    [[nodiscard]] virtual Claim claim(const std::string& cluster, const Claim& mine,
                                      std::stop_token stop = {}) = 0;

    // Stores `mine`, whatever is stored. Only the offline command `electiond recover` calls it.
    virtual void replace_claim(const std::string& cluster, const Claim& mine,
                               std::stop_token stop = {}) = 0;
};

}  // namespace electiond
