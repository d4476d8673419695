// The other nodes that the discoveries of a configuration name, and what they answer.
#pragma once

#include <string>
#include <vector>

#include "assembly.h"
#include "node/survey.h"

namespace electiond {

struct KnownPeer {
    NodeId id;  // empty if the discovery knows only the address
    Endpoint address;

    auto operator<=>(const KnownPeer&) const = default;
};

struct KnownPeers {
    std::vector<KnownPeer> peers;       // each address once, without this node's own
    std::vector<std::string> troubles;  // of discoveries that could not say, with their name
    // False if a discovery hangs: then the process must end by std::_Exit, and the plugins must not
    // be destroyed.
    bool all_ended = true;
};

// Polls each discovery, on a thread of its own and for kCallLimit at most; those that name nobody
// again and again for about a second, since a multicast is not answered at once. Announces nothing.
[[nodiscard]] KnownPeers find_peers(const LoadedPlugins& plugins, const Settings& settings);

struct AskedPeer {
    KnownPeer peer;
    SurveyAnswer answer;
};

// Asks all of them for their status, in parallel, by a transport of its own that only sends: a
// daemon may run meanwhile. Waits for the answers, kAskLimit at most. `known` as
// SurveyCheck::known. Throws Error if the transport cannot be made or cannot send (a certificate, a
// plugin that does not support it).
inline constexpr std::chrono::milliseconds kAskLimit{3000};
[[nodiscard]] std::vector<AskedPeer> ask_peers(PluginHost& host, const Settings& settings,
                                               const std::vector<KnownPeer>& peers,
                                               std::vector<Voter> known);

}  // namespace electiond
