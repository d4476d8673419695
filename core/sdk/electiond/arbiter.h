// What an arbiter does: decide once, for all nodes, who founds a cluster.
#pragma once

#include <stop_token>
#include <string>

#include <electiond/error.h>
#include <electiond/peer.h>

namespace electiond {

// A discovery may offer one (Discovery::arbiter). "The first one names the cluster": whatever it
// returns must never change by itself, or two clusters are founded (protocol.md, section 6).
//
// The thread rule, the stop token and the errors are those of Discovery: the same thread makes all
// calls, one at a time. A call that cannot tell what is stored throws, and never guesses.
class ELECTIOND_EXPORT Arbiter {
  public:
    virtual ~Arbiter() = default;

    // Stores `mine` for `cluster` if nothing is stored yet, atomically and durably, and returns
    // what is stored now: `mine` or another's.
    [[nodiscard]] virtual Claim claim(const std::string& cluster, const Claim& mine,
                                      std::stop_token stop = {}) = 0;

    // Replaces what is stored. For the offline `electiond recover` alone.
    virtual void replace_claim(const std::string& cluster, const Claim& mine,
                               std::stop_token stop = {}) = 0;
};

}  // namespace electiond
