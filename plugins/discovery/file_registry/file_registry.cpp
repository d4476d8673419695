// The discovery `file_registry`: one file that all nodes share says where they are, and a second
// one beside it who may found the cluster.
#include <optional>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>
#include <electiond/plugin.h>
#include <unistd.h>

#include "common/peer_json.h"
#include "common/seldom.h"
#include "file_registry/check.h"
#include "file_registry/claim_file.h"
#include "file_registry/files.h"
#include "file_registry/reader.h"
#include "file_registry/registry.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLockPatience{2000};

std::string now_text() {
    return Poco::DateTimeFormatter::format(Poco::Timestamp(), Poco::DateTimeFormat::ISO8601_FORMAT);
}

fs::path read_path(Options& options) {
    auto path = options.path("path");
    if (!path.has_filename()) options.wrong("path", "a file, as in cluster.json");
    return path;
}

// One thread at a time, as the host calls. Holds no file open between the calls. Whoever writes
// registry or claim holds the lock; whoever reads needs none, since files change by rename alone.
// While nothing changes, announce and poll cost one look at the file's facts each.
class FileRegistry final : public Discovery, public Arbiter {
  public:
    explicit FileRegistry(const PluginSetup& setup)
        : cluster_(setup.cluster),
          log_(setup.log),
          path_(read_path(setup.options)),
          reader_(cluster_, path_) {}

    void announce(const Peer& self, std::stop_token stop) override {
        if (self_ != self) {
            require_readable(self);
            self_ = self;
        }
        // Our first call also takes the lock, to clear what was left by those who died.
        if (cleared_ && stands(self)) return;
        const auto file = reader_.location();
        const FileLock lock(lock_path(file), kLockPatience, stop);
        if (!cleared_) remove_leftovers(claim_path(file, cluster_), stop);
        remove_leftovers(file, stop);
        auto registry = read_or_renew(file);
        stop_if_requested(stop, file);
        if (!holds(registry.peers(), self)) {
            registry.put(self, now_text());
            replace_file(file, registry.text(file));
        }
        cleared_ = true;
    }

    [[nodiscard]] std::vector<Peer> poll(std::stop_token stop) override {
        stop_if_requested(stop, path_);
        const auto& found = reader_.look();
        if (found.garbled) throw Error(*found.garbled);
        return found.peers.value_or(std::vector<Peer>());
    }

    void withdraw(std::stop_token stop) noexcept override {
        try {
            if (!self_) return;
            const auto self = *std::exchange(self_, std::nullopt);
            const auto file = reader_.location();
            const FileLock lock(lock_path(file), kLockPatience, stop);
            const auto text = read_file(file, Registry::kSizeMax);
            if (!text) return;
            Registry registry(cluster_, *text, file);
            stop_if_requested(stop, file);
            if (registry.erase(self)) replace_file(file, registry.text(file));
        } catch (const std::exception& error) {
            log_.warning(std::string("this node's entry stays in the registry: ") + error.what());
        }
    }

    [[nodiscard]] std::vector<Finding> check(const Peer&, std::stop_token stop) const override {
        return check_registry(reader_.location(), cluster_, stop);
    }

    [[nodiscard]] Arbiter* arbiter() noexcept override { return this; }

    // link() creates the file with its text or fails where it stands, in one step on every file
    // system, so of all claimers one wins, whatever becomes of the lock.
    [[nodiscard]] Claim claim(const std::string& cluster, const Claim& mine,
                              std::stop_token stop) override {
        const auto registry = reader_.location();
        const auto file = claim_path(registry, cluster);
        auto stored = read_claim(file, cluster);
        if (!stored) {
            const auto text = claim_text(cluster, mine, now_text());
            const FileLock lock(lock_path(registry), kLockPatience, stop);
            remove_leftovers(file, stop);
            const bool won = publish_file(file, text);
            stored = read_claim(file, cluster);
            if (!stored || (won && *stored != mine)) {
                throw Error("the claim " + file.string() +
                                " was removed or changed while it was written; leave it alone",
                            Error::data);
            }
        }
        // Also for what we only found: its claimer may have died before this step.
        sync_folder(file);
        return *stored;
    }

    void replace_claim(const std::string& cluster, const Claim& mine,
                       std::stop_token stop) override {
        const auto registry = reader_.location();
        const auto file = claim_path(registry, cluster);
        const auto text = claim_text(cluster, mine, now_text());
        const FileLock lock(lock_path(registry), kLockPatience, stop);
        remove_leftovers(file, stop);
        replace_file(file, text);
    }

  private:
    [[nodiscard]] static fs::path lock_path(const fs::path& file) {
        return file.string() + ".lock";
    }

    // A garbled registry does not hold us: it is renewed under the lock, and said there.
    [[nodiscard]] bool stands(const Peer& self) {
        const auto& found = reader_.look();
        return found.peers && holds(*found.peers, self);
    }

    [[nodiscard]] Registry read_or_renew(const fs::path& file) {
        const auto text = read_file(file, Registry::kSizeMax);
        if (!text) return Registry(cluster_);
        try {
            return {cluster_, *text, file};
        } catch (const Error& error) {
            const fs::path aside = file.string() + ".garbled";
            keep_aside(file, aside);
            if (const auto times = renewals_.count(std::chrono::steady_clock::now())) {
                log_.warning(std::string(error.what()) + "; done now" + repeated(*times),
                             {{"file", aside.string()}});
            }
            return Registry(cluster_);
        }
    }

    const std::string cluster_;
    const Log log_;
    const fs::path path_;
    Reader reader_;
    std::optional<Peer> self_;
    bool cleared_ = false;
    Seldom renewals_;  // of a garbled registry, which somebody may garble again and again
};

}  // namespace
}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("file_registry", "0.1.0", electiond::discovery::FileRegistry);
