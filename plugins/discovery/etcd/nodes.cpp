// The nodes of a cluster in etcd.
#include "etcd/nodes.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <electiond/wording.h>

#include "common/node_name.h"
#include "common/peer_json.h"

namespace electiond::discovery::etcd {
namespace {

constexpr std::size_t kValueSizeMax = std::size_t{16} * 1024;
// If etcd ends each watch, or does not confirm it, the next one is not requested at once.
constexpr std::chrono::seconds kWatchAgain{5};

// The first key after all keys that begin with `folder`, which ends with a slash.
std::string end_of(std::string folder) {
    ++folder.back();
    return folder;
}

std::optional<Peer> peer_of(const std::string& id, const std::string& value) {
    if (!is_node_name(id) || value.size() > kValueSizeMax) return std::nullopt;
    try {
        auto peer = get_peer(*parse_object(value));
        if (!peer || peer->id.value != id) return std::nullopt;
        return peer;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace

std::string cluster_prefix(const std::string& prefix, const std::string& cluster) {
    constexpr char kHexDigits[] = "0123456789ABCDEF";
    std::string text = prefix + "/";
    for (const char c : cluster) {
        if (is_node_name({&c, 1})) {
            text += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            text += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
        }
    }
    return text + "/";
}

std::string node_json(const Peer& peer) {
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    put_peer(object, peer);
    std::ostringstream out;
    object.stringify(out);
    return out.str();
}

Nodes::Nodes(Gateway& gateway, std::string folder, Log log)
    : gateway_(gateway),
      folder_(std::move(folder)),
      folder_end_(end_of(folder_)),
      log_(std::move(log)) {}

bool Nodes::look(const Call& call) {
    gateway_.pump();
    const auto now = Clock::now();
    end_useless_watch(now);
    const bool watched = gateway_.watches() && watch_reports_;
    if (watched && read_ && !changed_ && now < read_again_) return false;
    read(call);
    return true;
}

void Nodes::read(const Call& call) {
    read_ = false;
    changed_ =
        false;  // before the request: what is reported while it runs may not be in its answer
    const auto range = gateway_.range(call, folder_, folder_end_, kNodesMax);
    std::vector<Entry> entries;
    for (const auto& each : range.entries) {
        if (!each.key.starts_with(folder_)) continue;
        const auto id = each.key.substr(folder_.size());
        entries.push_back({.id = id,
                           .peer = peer_of(id, each.value),
                           .lease = each.lease,
                           .mod_revision = each.mod_revision});
    }
    entries_ = std::move(entries);
    more_ = range.more;
    report_oddities(range);
    const auto now = Clock::now();
    read_ = true;
    read_again_ = now + kReadAgain;
    if (!gateway_.watches() && now >= watch_again_) watch_from(range.revision + 1, now);
}

// Watches from the revision after the one that was read, so that no change in between is missed.
void Nodes::watch_from(std::int64_t revision, Clock::time_point now) {
    watch_reports_ = false;
    watch_canceled_ = false;
    watch_again_ = now + kWatchAgain;
    gateway_.watch(folder_, folder_end_, revision,
                   [this](const std::string& line) { read_line(line); });
}

// Called within a call of the gateway.
void Nodes::read_line(const std::string& line) noexcept {
    try {
        const auto news = read_watch(line);
        watch_reports_ = watch_reports_ || news.created;
        if (news.changed) changed_ = true;
        // Perhaps because its revision was compacted: the next watch begins at a newer revision.
        if (news.canceled) watch_canceled_ = true;
    } catch (const std::exception&) {
        changed_ = true;  // the line is too long, or not etcd's
    }
}

void Nodes::end_useless_watch(Clock::time_point now) {
    if (watch_canceled_ || (!watch_reports_ && now >= watch_again_)) gateway_.end_watch();
}

void Nodes::report_oddities(const Range& range) {
    std::string oddity;
    if (range.more) {
        oddity = "etcd lists more than " + std::to_string(kNodesMax) + " nodes below " + folder_ +
                 "; the others are ignored; remove keys that are not nodes with etcdctl del";
    }
    const auto garbled =
        std::ranges::find_if(entries_, [](const Entry& entry) { return !entry.peer; });
    if (oddity.empty() && garbled != entries_.end()) {
        oddity = "etcd's key " + in_quotes(folder_ + garbled->id) +
                 " does not hold a node and is ignored; remove it with etcdctl del";
    }
    if (oddity == oddity_) return;
    if (oddity.empty()) {
        oddity_.clear();
        return;
    }
    if (const auto before = seldom_.count(Clock::now())) {
        log_.warning(oddity + repeated(*before));
        oddity_ = oddity;
    }
}

std::vector<Peer> Nodes::peers() const {
    std::vector<Peer> peers;
    for (const auto& entry : entries_) {
        if (entry.peer) peers.push_back(*entry.peer);
    }
    return peers;
}

const Nodes::Entry* Nodes::find(const std::string& id) const {
    const auto found = std::ranges::find(entries_, id, &Entry::id);
    return found == entries_.end() ? nullptr : &*found;
}

}  // namespace electiond::discovery::etcd
