// What a discovery plugin does: it announces this node, and lists the nodes that it knows.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/arbiter.h>
#include <electiond/error.h>
#include <electiond/finding.h>
#include <electiond/peer.h>

namespace electiond {

// The most addresses that the peers of one snapshot may have in all. The election asks each of
// them, and `http` and `tcp` keep connections to at most 2048 (1024 if both lanes are used).
inline constexpr std::size_t kSnapshotAddressesMax = 256;

// A discovery supplies addresses and nodes that may join, and nothing else: whatever it returns or
// no longer returns, it never changes a quorum (protocol.md, section 6).
//
// Threads: the host calls an instance by one thread at a time: the scout, a thread for this
// discovery alone, never the thread of the election. Calls may take a while: if a call is slow or
// fails, the host logs that, and uses the last good snapshot. No thread of the plugin may run after
// the destructor has returned.
//
// Stopping: every call gets a stop token. The host requests a stop if the node ends or the call has
// taken 5 s; the call must then return or throw within 0.5 s. A call that waits (for a lock, a
// socket, a child process) waits in short steps, or registers a std::stop_callback, whose function
// runs on a thread of the host and must return at once. Between two steps that cannot be
// interrupted (to open a file, fsync) a call checks its token. A call that ignores its token blocks
// only the scout of this discovery. If the process ends meanwhile, thread and object are abandoned
// and the destructor never runs. The stop of withdraw is requested only shortly before the process
// ends. The destructor runs after withdraw, on the thread that makes the calls.
//
// Errors: a call that fails throws Error (or any other std::exception).
//
// The factory reads the options and does nothing else: it opens no file and no socket, because
// `electiond --check` calls it, too. check() looks at files and interfaces instead.
class ELECTIOND_EXPORT Discovery {
  public:
    virtual ~Discovery() = default;

    // Makes `self` known to the other nodes, or updates it. Called at start, when `self` changes,
    // and before each poll. Restores the node's entry if it has vanished. Cheap if nothing has
    // changed. If it fails, poll is called all the same.
    virtual void announce(const Peer& self, std::stop_token stop = {}) = 0;

    // Returns a snapshot: all nodes that are known now. It may contain the node itself; the host
    // drops that entry. Cheap if nothing has changed. A snapshot stays in use until the next one,
    // and no entry expires before. If a snapshot equals the one before, in the same order, the
    // scout does not pass it on. One with more than kSnapshotAddressesMax addresses is refused, as
    // if the call had failed.
    [[nodiscard]] virtual std::vector<Peer> poll(std::stop_token stop = {}) = 0;

    // The node stops: removes its entry, as far as that is possible now.
    virtual void withdraw(std::stop_token stop = {}) noexcept = 0;

    // Called by `electiond --check` instead of the calls above. Returns what on this machine
    // (files, interfaces, …) would make those calls fail. `self` is what would be announced; its
    // addresses are empty if they are not known before the port is bound. It only looks and reads:
    // it makes, writes and locks no file, and binds and sends nothing. A daemon with the same
    // options may run at the same time. Threads and stop token: as above. A fault that it cannot
    // see itself (a server that does not respond) is a warning.
    [[nodiscard]] virtual std::vector<Finding> check(const Peer& self,
                                                     std::stop_token stop = {}) const {
        (void)self;
        (void)stop;
        return {};
    }

    // Returns the arbiter if this discovery is one, else nullptr. A class that is both derives from
    // Discovery and Arbiter, and returns `this`. The host does not delete the arbiter: it lives as
    // long as the discovery. From the factory on, every call returns the same pointer.
    [[nodiscard]] virtual Arbiter* arbiter() noexcept { return nullptr; }
};

// An ability of a discovery (docs/plugin-versions.md), which derives from both classes: poll()
// always returns the same, and announce() does nothing. So the host calls them only until both have
// worked once, and the thread of the discovery then sleeps.
class ELECTIOND_EXPORT ConstantDiscovery {
  public:
    virtual ~ConstantDiscovery() = default;
};

}  // namespace electiond
