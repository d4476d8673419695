// The registry's text: what it says of our cluster, and what must be kept of the rest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>
#include <electiond/peer.h>

namespace electiond::discovery {

// True where our entry stands among `peers` as it should, and none of a former life of ours.
[[nodiscard]] bool holds(const std::vector<Peer>& peers, const Peer& self);

// A value; touches no file.
class Registry {
  public:
    static constexpr std::size_t kSizeMax = 1024 * 1024;  // bytes; a longer text is refused
    static constexpr std::size_t kNodesMax = 256;         // of one cluster; the oldest go first

    // An empty one, for the nodes of `cluster`.
    explicit Registry(std::string cluster);

    // Throws Error naming `file` where the text as a whole is garbled. Single entries that are, are
    // left out; entries of other clusters, and keys that we do not know, are kept as they are.
    Registry(std::string cluster, const std::string& text, const std::string& file);

    [[nodiscard]] std::vector<Peer> peers() const;

    // Sets our entry, with the time (ISO 8601), and drops those of our former lives: a node whose
    // data directory was wiped comes back with its id and address, but under another uuid.
    void put(const Peer& self, const std::string& time);

    // Drops our entry; false where there was none.
    bool erase(const Peer& self);

    // For people, too. Throws Error where it would be longer than kSizeMax.
    [[nodiscard]] std::string text(const std::string& file) const;

  private:
    struct Entry {
        Poco::JSON::Object::Ptr json;
        std::optional<Peer> peer;  // none: of another cluster
        std::string updated_at;
    };

    void add(const Poco::Dynamic::Var& item);
    void drop_oldest();

    std::string cluster_;
    Poco::JSON::Object::Ptr root_;
    std::vector<Entry> entries_;
};

}  // namespace electiond::discovery
