// The discovery `file_registry`: what it writes, when, and under which lock.
#include "file_registry/file_registry.h"

#include <algorithm>
#include <utility>

#include <registry/files.h>

#include "common/claim_json.h"
#include "common/peer_json.h"
#include "file_registry/check.h"
#include "file_registry/claim_file.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;

using registry::FileLock;
using registry::stop_if_requested;

constexpr std::chrono::hours kExpireAfter{24};
// A longer interval would also delay the removal of the entries of other nodes.
constexpr std::chrono::hours kRenewAfterMax{6};

fs::path read_path(Options& options) {
    if (!options.has("path")) {
        options.missing("path", "name a file on the file system that all nodes share");
        return {};
    }
    auto path = options.path("path");
    if (!path.has_filename()) options.wrong("path", "a file, as in cluster.json");
    return path;
}

std::chrono::milliseconds read_expire_after(Options& options) {
    constexpr char kKey[] = "expire_after";
    const auto after = options.duration(kKey, kExpireAfter);
    if (after < registry::kExpireAfterMin || after > registry::kExpireAfterMax) {
        options.wrong(kKey,
                      "a duration from 1m to 8760h, much longer than election.hello_interval");
    }
    return after;
}

}  // namespace

FileRegistry::FileRegistry(const PluginSetup& setup, World world)
    : cluster_(setup.cluster),
      log_(setup.log),
      path_(read_path(setup.options)),
      expire_after_(read_expire_after(setup.options)),
      world_(std::move(world)),
      reader_(cluster_, path_, world_.reader),
      others_(cluster_) {}

void FileRegistry::announce(const Peer& self, std::stop_token stop) {
    if (self_ != self) {
        require_readable(self);
        self_ = self;
    }
    const auto now = world_.reader.clock();
    // The first call also takes the lock, to remove leftovers of nodes that died.
    if (cleared_ && !is_due(now) && entry_is_current(self)) return;
    try {
        write(self, now, stop);
    } catch (...) {
        reader_.restart_ages();
        throw;
    }
}

// Writes our entry if it is due or not current.
void FileRegistry::write(const Peer& self, Reader::Instant now, const std::stop_token& stop) {
    const auto file = reader_.location();
    const FileLock lock(file, stop);
    if (!cleared_) registry::remove_leftovers(claim_path(file, cluster_), stop);
    registry::remove_leftovers(file, stop);
    auto registry = read_or_renew(file);
    stop_if_requested(stop, file);
    if (is_due(now) || !holds(registry.peers(), self)) {
        const auto dropped = drop_expired(registry, self);
        registry.put(self, time_now(), expire_after_);
        registry::replace_file(file, registry.text(file));
        renewed_at_ = now;
        report(dropped);
    }
    cleared_ = true;
}

std::vector<Peer> FileRegistry::poll(std::stop_token stop) {
    stop_if_requested(stop, path_);
    const auto& found = reader_.look();
    if (found.garbled) throw Error(*found.garbled);
    auto peers = found.peers.value_or(std::vector<Peer>());
    for (const auto& [cluster, node] : found.others) others_.saw(cluster, node);
    for (const auto& warning : others_.due(peers, self_, "the registry " + path_.string()))
        log_.warning(warning);
    return peers;
}

void FileRegistry::withdraw(std::stop_token stop) noexcept {
    try {
        if (!self_) return;
        const auto self = *std::exchange(self_, std::nullopt);
        renewed_at_.reset();
        const auto file = reader_.location();
        const FileLock lock(file, stop);
        const auto text = registry::read_file(file, registry::Document::kSizeMax);
        if (!text) return;
        Registry registry(cluster_, *text, file);
        stop_if_requested(stop, file);
        if (registry.erase(self)) registry::replace_file(file, registry.text(file));
    } catch (const std::exception& error) {
        log_.warning(std::string("this node's entry stays in the registry until it expires: ") +
                     error.what());
    }
}

std::vector<Finding> FileRegistry::check(const Peer&, std::stop_token stop) const {
    return check_registry(reader_.location(), cluster_, stop);
}

// link() creates the file together with its text, or fails if the file exists, atomically on every
// file system. So exactly one claim wins, even if the lock fails.
Claim FileRegistry::claim(const std::string& cluster, const Claim& mine, std::stop_token stop) {
    const auto registry = reader_.location();
    const auto file = claim_path(registry, cluster);
    auto stored = read_claim(file, cluster);
    if (!stored) {
        const auto text = claim_text(cluster, mine, time_now());
        const FileLock lock(registry, stop);
        registry::remove_leftovers(file, stop);
        const bool won = registry::publish_file(file, text);
        stored = read_claim(file, cluster);
        if (!stored || (won && *stored != mine)) {
            throw Error(
                "the claim " + file.string() +
                    " was removed or changed while it was written; do not remove or change it",
                Error::data);
        }
    }
    // Also for a claim that already existed: the node that made it may have died before this step.
    registry::sync_folder(file);
    return *stored;
}

void FileRegistry::replace_claim(const std::string& cluster, const Claim& mine,
                                 std::stop_token stop) {
    const auto registry = reader_.location();
    const auto file = claim_path(registry, cluster);
    const auto text = claim_text(cluster, mine, time_now());
    const FileLock lock(registry, stop);
    registry::remove_leftovers(file, stop);
    registry::replace_file(file, text);
}

bool FileRegistry::is_due(Reader::Instant now) const {
    return !renewed_at_ || now - *renewed_at_ >= renew_after();
}

// Short enough that several renewals may fail before other nodes remove our entry.
std::chrono::milliseconds FileRegistry::renew_after() const {
    return std::min<std::chrono::milliseconds>(expire_after_ / 4, kRenewAfterMax);
}

// False for a garbled registry: write() replaces it under the lock, and logs that.
bool FileRegistry::entry_is_current(const Peer& self) {
    const auto& found = reader_.look();
    return found.peers && holds(*found.peers, self);
}

Registry FileRegistry::read_or_renew(const Path& file) {
    const auto text = registry::read_file(file, registry::Document::kSizeMax);
    if (!text) return Registry(cluster_);
    try {
        return {cluster_, *text, file};
    } catch (const Error& error) {
        const fs::path backup = file.string() + ".garbled";
        registry::keep_backup(file, backup);
        if (const auto times = renewals_.count(std::chrono::steady_clock::now())) {
            log_.warning(std::string(error.what()) + "; done now" + repeated(*times),
                         {{"file", backup.string()}});
        }
        return Registry(cluster_);
    }
}

std::vector<Registry::Renewed> FileRegistry::drop_expired(Registry& registry, const Peer& self) {
    auto expired = reader_.ages().expired(registry, world_.reader.clock());
    std::erase_if(expired, [&](const auto& entry) { return entry.peer.uuid == self.uuid; });
    for (const auto& entry : expired) registry.erase(entry.peer);
    return expired;
}

void FileRegistry::report(const std::vector<Registry::Renewed>& dropped) const {
    for (const auto& entry : dropped) {
        const auto minutes = std::chrono::floor<std::chrono::minutes>(entry.expire_after).count();
        log_.info("the entry of node " + entry.peer.id.value +
                      " is removed from the registry: it was not renewed for " +
                      std::to_string(minutes) + " min; if that node still runs, it writes it again",
                  {{"node", entry.peer.id.value},
                   {"uuid", entry.peer.uuid ? entry.peer.uuid->value : ""},
                   {"address", entry.peer.addresses.front().to_string()}});
    }
}

std::string FileRegistry::time_now() const { return time_text(world_.wall_clock()); }

}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("file_registry", "0.1.0", electiond::discovery::FileRegistry);
