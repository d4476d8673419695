// Finds the other nodes through the discoveries of a configuration, and asks for their status.
#include "check/peers.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "check/discoveries.h"
#include "time_limit.h"

namespace electiond {
namespace {

constexpr std::chrono::milliseconds kSlack{500};  // beyond kAskLimit, for the transport itself
constexpr std::chrono::milliseconds kPollLimit{1200};
constexpr std::chrono::milliseconds kPollAgain{200};

bool is_self(const Peer& peer, const Endpoint& address, const Peer& self) {
    return peer.id == self.id || std::ranges::find(self.addresses, address) != self.addresses.end();
}

bool names_others(const std::vector<Peer>& peers, const Peer& self) {
    return std::ranges::any_of(peers, [&](const Peer& peer) {
        return std::ranges::any_of(
            peer.addresses, [&](const Endpoint& address) { return !is_self(peer, address, self); });
    });
}

// Polls until the discovery names another node, for at most kPollLimit: answers to a multicast come
// some time after the first poll.
std::vector<Peer> poll_until_answered(Discovery& discovery, const Peer& self,
                                      const std::stop_token& stop) {
    const auto end = std::chrono::steady_clock::now() + kPollLimit;
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    for (;;) {
        auto peers = discovery.poll(stop);
        if (names_others(peers, self) || std::chrono::steady_clock::now() >= end) return peers;
        (void)stopped.wait_for(lock, stop, kPollAgain, [] { return false; });
    }
}

// Adds the peers that one discovery names; false if it hangs.
bool add_peers(const LoadedPlugins::Named& loaded, const Peer& self, KnownPeers& into) {
    const auto trouble = [&](const std::string& why) {
        into.troubles.push_back("discovery " + loaded.plugin + ": " + why);
    };
    std::optional<std::vector<Peer>> found;
    try {
        found = within_limit([&discovery = *loaded.discovery, self](std::stop_token stop) {
            return poll_until_answered(discovery, self, stop);
        });
    } catch (const std::exception& error) {
        trouble(error.what());
        return true;
    }
    if (!found) {
        trouble("no answer for " + std::to_string(kCallLimit.count()) +
                " s; check the file system or network that it uses");
        return false;
    }
    for (const auto& peer : *found) {
        for (const auto& address : peer.addresses) {
            const auto same = [&](const KnownPeer& each) { return each.address == address; };
            if (is_self(peer, address, self) || std::ranges::any_of(into.peers, same)) continue;
            into.peers.push_back({peer.id, address});
        }
    }
    return true;
}

// Wakes the waiting thread once all answers have come. Shared with late answers.
struct End {
    std::mutex mutex;
    std::condition_variable reached;
    bool is_reached = false;
};

}  // namespace

KnownPeers find_peers(const LoadedPlugins& plugins, const Settings& settings) {
    KnownPeers known;
    const auto self = own_peer(settings);
    for (const auto& loaded : plugins.discoveries) {
        if (!add_peers(loaded, self, known)) known.all_ended = false;
    }
    std::ranges::sort(known.peers);
    return known;
}

std::vector<AskedPeer> ask_peers(PluginHost& host, const Settings& settings,
                                 const std::vector<KnownPeer>& peers, std::vector<Voter> known) {
    if (peers.empty()) return {};
    const auto transport = make_transport(host, settings, Log{});
    transport->start_sending();
    std::vector<Endpoint> addresses;
    for (const auto& peer : peers) addresses.push_back(peer.address);
    const SurveyCheck check{.certificates_name_nodes = certificates_name_nodes(settings),
                            .cluster = settings.cluster.name,
                            .known = std::move(known)};
    const auto end = std::make_shared<End>();
    const auto survey =
        Survey::start(*transport, addresses, /*members=*/false, check, kAskLimit, [end] {
            const std::lock_guard lock(end->mutex);
            end->is_reached = true;
            end->reached.notify_all();
        });
    {
        std::unique_lock lock(end->mutex);
        end->reached.wait_for(lock, kAskLimit + kSlack, [&] { return end->is_reached; });
    }
    const auto answers = survey->answers();
    transport->stop();
    std::vector<AskedPeer> asked;
    for (std::size_t i = 0; i < peers.size(); ++i) asked.push_back({peers[i], answers[i]});
    return asked;
}

}  // namespace electiond
