// The other nodes that the discoveries of a configuration name, and what they answer.
#include "check/peers.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "check/discoveries.h"
#include "time_limit.h"

namespace electiond {
namespace {

constexpr std::chrono::milliseconds kSlack{500};  // beyond kAskLimit, for the transport itself

// Adds the peers that one discovery names now; false if it hangs.
bool add_peers(const Guests::Named& guest, const Peer& self, KnownPeers& into) {
    const auto trouble = [&](const std::string& why) {
        into.troubles.push_back("discovery " + guest.plugin + ": " + why);
    };
    std::optional<std::vector<Peer>> found;
    try {
        found = within_limit([&discovery = *guest.discovery](std::stop_token stop) {
            return discovery.poll(std::move(stop));
        });
    } catch (const std::exception& error) {
        trouble(error.what());
        return true;
    }
    if (!found) {
        trouble("no answer for " + std::to_string(kCallLimit.count()) +
                " s; look after the file system or network that it uses");
        return false;
    }
    for (const auto& peer : *found) {
        for (const auto& address : peer.addresses) {
            const bool own = peer.id == self.id ||
                             std::ranges::find(self.addresses, address) != self.addresses.end();
            const auto same = [&](const KnownPeer& each) { return each.address == address; };
            if (own || std::ranges::any_of(into.peers, same)) continue;
            into.peers.push_back({peer.id, address});
        }
    }
    return true;
}

// Wakes whoever waits once all answers are there; shared with answers that come late.
struct End {
    std::mutex mutex;
    std::condition_variable reached;
    bool is_reached = false;
};

}  // namespace

KnownPeers find_peers(const Guests& guests, const Settings& settings) {
    KnownPeers known;
    const auto self = own_peer(settings);
    std::vector<const Guests::Named*> silent;
    for (const auto& guest : guests.discoveries) {
        const auto before = known.peers.size() + known.troubles.size();
        if (!add_peers(guest, self, known)) known.all_ended = false;
        if (known.peers.size() + known.troubles.size() == before) silent.push_back(&guest);
    }
    if (!silent.empty()) std::this_thread::sleep_for(std::chrono::seconds(1));
    for (const auto* guest : silent) {
        if (!add_peers(*guest, self, known)) known.all_ended = false;
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
    const auto& tls = settings.transport.tls;
    const SurveyCheck check{
        .certificates_name_nodes = tls && tls->identity == TlsFiles::Identity::node,
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
