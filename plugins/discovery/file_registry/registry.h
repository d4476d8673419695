// The entries of our cluster in the registry.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>
#include <registry/document.h>

namespace electiond::discovery {

// True if our entry is among `peers` and up to date, and there is none of this node with an earlier
// uuid.
[[nodiscard]] bool holds(const std::vector<Peer>& peers, const Peer& self);

// A value; touches no file.
class Registry {
  public:
    static constexpr std::size_t kNodesMax =
        256;  // of one cluster; beyond that the oldest is removed

    // An empty one, for the nodes of `cluster`.
    explicit Registry(std::string cluster);

    // Throws Error naming `file` if the whole text is garbled. Single garbled entries are left out;
    // entries of other clusters, and unknown keys, are kept unchanged.
    Registry(std::string cluster, const std::string& text, const std::string& file);

    [[nodiscard]] std::vector<Peer> peers() const;

    // One node of each other cluster, by the cluster's name; nullopt if its entry cannot be read.
    [[nodiscard]] std::map<std::string, std::optional<Peer>> others() const;

    // An entry with a heartbeat: if `text`, the whole entry, does not change for `expire_after`,
    // its node has stopped or can no longer write the file.
    struct Renewed {
        Peer peer{};
        std::string text{};
        std::chrono::milliseconds expire_after{};
    };
    [[nodiscard]] std::vector<Renewed> renewed() const;

    // Sets our entry, renewed at `time` (ISO 8601), and removes those of this node with earlier
    // uuids: a node whose data directory was deleted returns with the same id and address, but
    // another uuid.
    void put(const Peer& self, const std::string& time, std::chrono::milliseconds expire_after);

    // Removes the entry of this node; false if there was none.
    bool erase(const Peer& node);

    // Indented JSON. Throws Error if it would be too long.
    [[nodiscard]] std::string text(const std::string& file) const;

  private:
    struct OurEntry {
        registry::Entry json;
        std::optional<Peer> peer;  // nullopt: of another cluster
        registry::Heartbeat heartbeat;
    };

    void add(const registry::Entry& item);
    void drop_oldest();

    std::string cluster_;
    registry::Document document_;
    std::vector<OurEntry> entries_;
};

}  // namespace electiond::discovery
