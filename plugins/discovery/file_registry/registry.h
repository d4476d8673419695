// What the registry says of the nodes of our cluster.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>
#include <registry/document.h>

namespace electiond::discovery {

// True where our entry stands among `peers` as it should, and none of a former life of ours.
[[nodiscard]] bool holds(const std::vector<Peer>& peers, const Peer& self);

// A value; touches no file.
class Registry {
  public:
    static constexpr std::size_t kNodesMax = 256;  // of one cluster; the oldest go first

    // An empty one, for the nodes of `cluster`.
    explicit Registry(std::string cluster);

    // Throws Error naming `file` where the text as a whole is garbled. Single entries that are, are
    // left out; entries of other clusters, and keys that we do not know, are kept as they are.
    Registry(std::string cluster, const std::string& text, const std::string& file);

    [[nodiscard]] std::vector<Peer> peers() const;

    // An entry that its node renews: if `text`, the whole entry, stays the same for `expire_after`,
    // the node has ended or can no longer write here.
    struct Renewed {
        Peer peer{};
        std::string text{};
        std::chrono::milliseconds expire_after{};
    };
    [[nodiscard]] std::vector<Renewed> renewed() const;

    // Sets our entry, renewed at `time` (ISO 8601), and drops those of our former lives: a node
    // whose data directory was wiped comes back with its id and address, but under another uuid.
    void put(const Peer& self, const std::string& time, std::chrono::milliseconds expire_after);

    // Drops the entry of this node; false where there was none.
    bool erase(const Peer& node);

    // For people, too. Throws Error where it would be too long.
    [[nodiscard]] std::string text(const std::string& file) const;

  private:
    struct OurEntry {
        registry::Entry json;
        std::optional<Peer> peer;  // none: of another cluster
        registry::Heartbeat heartbeat;
    };

    void add(const registry::Entry& item);
    void drop_oldest();

    std::string cluster_;
    registry::Document document_;
    std::vector<OurEntry> entries_;
};

}  // namespace electiond::discovery
