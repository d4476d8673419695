// The nodes of a cluster in etcd, read again only if something has changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <electiond/log.h>
#include <electiond/peer.h>

#include "common/seldom.h"
#include "etcd/gateway.h"

namespace electiond::discovery::etcd {

// "/electiond/demo/": all keys of the cluster demo begin with it. Clusters with different names
// never share a key: characters other than A-Z a-z 0-9 . _ - are written as %XX.
[[nodiscard]] std::string cluster_prefix(const std::string& prefix, const std::string& cluster);

// The value of a node's key.
[[nodiscard]] std::string node_json(const Peer& peer);

// One thread at a time, none of its own. A watch reports that a key has changed; then all keys are
// read. Without a watch (a proxy delays its lines, or etcd ends it) each look() reads all keys, so
// that no change is missed.
class Nodes {
  public:
    static constexpr std::size_t kNodesMax = 256;
    // Read after this time even if the watch reports nothing: its connection may be dead.
    static constexpr std::chrono::seconds kReadAgain{10};

    // `folder`: the keys begin with it, and end with a node's id. Borrows the gateway.
    Nodes(Gateway& gateway, std::string folder, Log log);

    // One of the entries, as it is stored.
    struct Entry {
        std::string id;
        std::optional<Peer> peer;  // nullopt: no node can be read from it
        std::string lease;
        std::int64_t mod_revision = 0;
    };

    // Updates the entries; returns true if they were read. After an Error the next look() reads
    // them again.
    bool look(const Call& call);
    [[nodiscard]] std::vector<Peer> peers() const;
    [[nodiscard]] const Entry* find(const std::string& id) const;
    // True if etcd has more entries than are read, so that one that is not found may be there.
    [[nodiscard]] bool more() const { return more_; }

    [[nodiscard]] std::string key(const std::string& id) const { return folder_ + id; }

  private:
    using Clock = std::chrono::steady_clock;

    void read_line(const std::string& line) noexcept;
    void end_useless_watch(Clock::time_point now);
    void read(const Call& call);
    void watch_from(std::int64_t revision, Clock::time_point now);
    void report_oddities(const Range& range);

    Gateway& gateway_;
    const std::string folder_;
    const std::string folder_end_;
    const Log log_;
    std::vector<Entry> entries_;
    bool more_ = false;
    bool read_ = false;     // the last try to read them worked
    bool changed_ = false;  // since then, as the watch reports
    bool watch_reports_ = false;
    bool watch_canceled_ = false;
    Clock::time_point read_again_{};
    Clock::time_point watch_again_{};
    std::string oddity_;  // that was logged last; "" once there is none
    Seldom seldom_;       // keys that change all the time must not fill the log
};

}  // namespace electiond::discovery::etcd
