// The discovery `file_registry`: one file that all nodes share holds where they are, and a second
// one beside it who may found the cluster.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/plugin.h>

#include "common/seldom.h"
#include "file_registry/reader.h"
#include "file_registry/registry.h"

namespace electiond::discovery {

// One thread at a time, as the host calls. Holds no file open between the calls. Whoever writes
// registry or claim holds the lock; whoever reads needs none, since files change by rename alone.
// While nothing changes, announce and poll cost one look at the file's facts each.
//
// A node renews its own entry, and nobody else's: when it starts, when something of it changes, and
// each renew_after(). In the same write it removes the entries that have expired (Ages). So only
// the entry of a node that has ended grows old. Who is a member is nothing that a discovery knows,
// and nothing that depends on it: the others go on knowing a dead voter by their configuration and
// its address by what they have heard (address_book in core/node).
class FileRegistry final : public Discovery, public Arbiter {
  public:
    // What it asks; the tests have their own.
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
    [[nodiscard]] bool stands(const Peer& self);
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
    std::optional<Reader::Instant> renewed_at_;  // our entry, by this process
    Seldom renewals_;  // of a garbled registry, which somebody may garble again and again
};

}  // namespace electiond::discovery
