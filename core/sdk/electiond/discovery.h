// What a discovery plugin does: announce this node, and name the nodes that there may be.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <electiond/arbiter.h>
#include <electiond/error.h>
#include <electiond/finding.h>
#include <electiond/peer.h>

namespace electiond {

// Discovery yields addresses and join candidates, nothing else: nothing that it says, or stops
// saying, changes a quorum (protocol.md section 6).
//
// Thread rule: the host calls one instance from one thread at a time (its scout), never the
// election's. Calls may take a while: a slow or failing plugin is reported and its last good answer
// stays in use. No thread of the plugin's own may survive its destructor.
// Stopping: every call gets a stop token. The host requests a stop when the node ends or the call
// has taken 5 s; the call then returns or throws within 0.5 s. A call that waits (for a lock, a
// socket, a child) waits in short steps, or registers a std::stop_callback, whose function runs on
// a thread of the host and must return at once. Between two steps that can't be interrupted
// (opening a file, fsync) a call checks its token. A call that ignores its token blocks only the
// scout of this discovery; if the process ends meanwhile, thread and object are left behind and the
// destructor never runs. withdraw has a token of its own, whose stop is requested only shortly
// before the end of the process. The destructor runs on the thread that makes the calls, after
// withdraw.
// Errors: a call that cannot do its work throws Error (or any std::exception).
// The factory checks options and touches nothing else: no file, no socket. `--check` relies on it;
// what it would like to know of files and interfaces is told by check().
class ELECTIOND_EXPORT Discovery {
  public:
    virtual ~Discovery() = default;

    // Makes `self` known, or updates it: called at start, when something of it changes, and before
    // each poll. Repairs an entry of ours that has vanished. Cheap if nothing has changed. If it
    // fails, poll is called all the same.
    virtual void announce(const Peer& self, std::stop_token stop = {}) = 0;

    // All nodes that are known now, a snapshot. May hold ourselves; the host drops that. Cheap if
    // nothing has changed. A snapshot counts until the next one and nothing in it ages; one that
    // equals the last, in the same order, goes no further than the scout.
    [[nodiscard]] virtual std::vector<Peer> poll(std::stop_token stop = {}) = 0;

    // The node stops: takes our entry back, as far as that can be done now.
    virtual void withdraw(std::stop_token stop = {}) noexcept = 0;

    // For `electiond --check`, instead of the calls above: what in this machine's files, interfaces
    // and so on would keep those calls from their work. `self` as it would be announced; its
    // addresses are empty where they are not known before the port is bound. Looks and reads alone:
    // makes, writes and locks no file, binds and sends nothing. A daemon may run meanwhile, with
    // the same options. Same thread rule and stop token as above. What it cannot see for itself
    // (a server that does not answer) is a warning, not a fault.
    [[nodiscard]] virtual std::vector<Finding> check(const Peer& self,
                                                     std::stop_token stop = {}) const {
        (void)self;
        (void)stop;
        return {};
    }

    // The arbiter, if this discovery is one; nullptr if not. A class that is both derives from
    // Discovery and Arbiter, and returns `this`. The host does not delete it: it lives as long as
    // the discovery. It is always the same one, and known after the factory.
    [[nodiscard]] virtual Arbiter* arbiter() noexcept { return nullptr; }
};

}  // namespace electiond
