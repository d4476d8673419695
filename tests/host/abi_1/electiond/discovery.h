// What a discovery plugin does: say where we are, tell who else there may be, optionally arbitrate.
#pragma once

#include <string>
#include <vector>

#include <electiond/error.h>
#include <electiond/peer.h>

namespace electiond {

// Discovery yields addresses and join candidates, nothing else: nothing that it says, or stops
// saying, changes a quorum (protocol.md section 6).
//
// Thread rule: the host calls one instance from one thread at a time (its scout), never the
// election's. Calls may take a while: a slow or failing plugin is marked stale and its last good
// answer stays in use. No thread of the plugin's own may survive its destructor.
// Errors: a call that cannot do its work throws Error (or any std::exception).
// The factory checks options and touches nothing else: no file, no socket. `--check` relies on it.
class ELECTIOND_EXPORT Discovery {
  public:
    virtual ~Discovery() = default;

    // Makes `self` known, or known anew: called at start, when something of it changes, and before
    // each poll. Repairs an entry of ours that has vanished. Cheap where nothing has changed.
    virtual void announce(const Peer& self) = 0;

    // All that are known now, a snapshot. May hold ourselves; the host drops that.
    [[nodiscard]] virtual std::vector<Peer> poll() = 0;

    // We stop: take our entry back, as far as that can be done now.
    virtual void withdraw() noexcept = 0;

    // True for an arbiter: one that offers the two calls below (protocol.md section 6).
    [[nodiscard]] virtual bool can_claim() const noexcept { return false; }

    // Stores `mine` for `cluster` where nothing is stored yet, atomically and durably, and returns
    // what is stored now: `mine` or another's. Throws when it cannot say.
    [[nodiscard]] virtual Claim claim(const std::string& cluster, const Claim& mine) {
        (void)cluster;
        (void)mine;
        throw Error("this discovery plugin is no arbiter: it cannot claim", Error::refused);
    }

    // Replaces whatever is stored. For the offline `electiond recover` alone.
    virtual void replace_claim(const std::string& cluster, const Claim& mine) {
        (void)cluster;
        (void)mine;
        throw Error("this discovery plugin is no arbiter: it cannot claim", Error::refused);
    }
};

}  // namespace electiond
