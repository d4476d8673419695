// The discovery `file_registry`: a shared file with the addresses of all nodes, and next to it the
// claim, which decides which node may found the cluster.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/plugin.h>

#include "common/other_clusters.h"
#include "common/seldom.h"
#include "file_registry/reader.h"
#include "file_registry/registry.h"

namespace electiond::discovery {

// One thread at a time, as the host calls. Holds no file open between the calls. A writer of the
// registry or the claim holds the lock; a reader needs none, because files change only by rename.
// While nothing changes, announce and poll each read only the attributes of the file.
//
// A node renews only its own entry: when it starts, when its addresses change, and each
// renew_after(). In the same write it removes the entries that have expired (Ages). So only the
// entry of a node that has stopped expires. A discovery does not know the members, and membership
// does not depend on it: the other nodes know a dead voter by their configuration, and its address
// from its messages and the leader (address_book in core/node).
class FileRegistry final : public Discovery, public Arbiter {
  public:
    // Its clocks and file system; replaced in tests.
    struct World {
        Reader::World reader{};
        std::function<std::chrono::system_clock::time_point()> wall_clock =
            std::chrono::system_clock::now;
    };

    explicit FileRegistry(const PluginSetup& setup) : FileRegistry(setup, World()) {}
    FileRegistry(const PluginSetup& setup, World world);

    void announce(const Peer& self, std::stop_token stop) override;
    [[nodiscard]] std::vector<Peer> poll(std::stop_token stop) override;
    void withdraw(std::stop_token stop) noexcept override;
    [[nodiscard]] std::vector<Finding> check(const Peer& self, std::stop_token stop) const override;
    [[nodiscard]] Arbiter* arbiter() noexcept override { return this; }

    [[nodiscard]] Claim claim(const std::string& cluster, const Claim& mine,
                              std::stop_token stop) override;
    void replace_claim(const std::string& cluster, const Claim& mine,
                       std::stop_token stop) override;

  private:
    using Path = std::filesystem::path;

    [[nodiscard]] std::chrono::milliseconds renew_after() const;
    [[nodiscard]] bool entry_is_current(const Peer& self);
    [[nodiscard]] bool is_due(Reader::Instant now) const;
    void write(const Peer& self, Reader::Instant now, const std::stop_token& stop);
    [[nodiscard]] Registry read_or_renew(const Path& file);
    [[nodiscard]] std::vector<Registry::Renewed> drop_expired(Registry& registry, const Peer& self);
    void report(const std::vector<Registry::Renewed>& dropped) const;
    [[nodiscard]] std::string time_now() const;

    const std::string cluster_;
    const Log log_;
    const Path path_;
    const std::chrono::milliseconds expire_after_;
    const World world_;
    Reader reader_;
    std::optional<Peer> self_;
    bool cleared_ = false;
    std::optional<Reader::Instant> renewed_at_;  // when this process last wrote our entry
    OtherClusters others_;
    Seldom renewals_;  // of a garbled registry: it may be garbled again and again
};

}  // namespace electiond::discovery
