// Finds the other nodes through the discoveries of a configuration, and asks for their status.
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
    std::vector<std::string> troubles;  // errors of discoveries, each with the name of the plugin
    // False if a discovery hangs: then the process must end by std::_Exit, and the plugins must not
    // be destroyed.
    bool all_ended = true;
};

// Polls each discovery, on a thread of its own and for kCallLimit at most; repeats this for about a
// second if it names no node, since answers to a multicast take time. Announces nothing.
[[nodiscard]] KnownPeers find_peers(const LoadedPlugins& plugins, const Settings& settings);

struct AskedPeer {
    KnownPeer peer;
    SurveyAnswer answer;
};

// Asks all peers for their status in parallel, over a transport of its own that only sends, so that
// this node's daemon may run meanwhile. Waits for the answers for at most kAskLimit. `known` as
// SurveyCheck::known. Throws Error if the transport cannot be made or cannot send (a certificate, a
// plugin that does not support it).
inline constexpr std::chrono::milliseconds kAskLimit{3000};
[[nodiscard]] std::vector<AskedPeer> ask_peers(PluginHost& host, const Settings& settings,
                                               const std::vector<KnownPeer>& peers,
                                               std::vector<Voter> known);

}  // namespace electiond
