// Reads the registry, but only when it may have changed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/error.h>
#include <electiond/peer.h>

#include <registry/files.h>

#include "file_registry/ages.h"

namespace electiond::discovery {

// Each look() reads the file's attributes (facts), and reads the file only if these differ from
// those of the last reading. inotify cannot replace that: a network file system reports changes by
// this host, but not by others.
//
// A change within the same clock tick of the file system as the last reading, with the same size,
// does not change the facts. So the file is read once more when its facts have been unchanged for
// kSettled, and then no more: any later change gets another time. Clocks of this host are never
// compared with the file system's clock, which may be that of a server.
//
// One thread.
class Reader {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds kSettled{3};  // more than the coarsest tick known, 2 s

    // Its clock and file system; replaced in tests.
    struct World {
        std::function<Instant()> clock = std::chrono::steady_clock::now;
        std::function<std::optional<registry::FileFacts>(const std::filesystem::path&)> facts =
            registry::facts_of;
    };

    // `path` may be a link. Opens nothing yet.
    Reader(std::string cluster, std::filesystem::path path) : Reader(cluster, path, World()) {}
    Reader(std::string cluster, std::filesystem::path path, World world);

    struct Found {
        std::optional<std::vector<Peer>> peers{};  // of our cluster; nullopt: there is no file
        std::map<std::string, std::optional<Peer>> others{};  // one node of each other cluster
        std::optional<Error> garbled{};  // why the text as a whole can't be read
    };
    // Valid until the next look(). Throws Error if file or folder can't be read.
    [[nodiscard]] const Found& look();

    // The ages of the entries, as of the last look() that read the file.
    [[nodiscard]] const Ages& ages() const { return ages_; }
    // The caller could not write the file, so perhaps nobody can.
    void restart_ages() { ages_.restart(); }

    // The real path of the file; differs from `path` if that is a link.
    [[nodiscard]] std::filesystem::path location() const { return registry::real_path(path_); }

  private:
    void read(Instant now);

    const std::string cluster_;
    const std::filesystem::path path_;
    const World world_;
    Found found_;
    Ages ages_;
    std::optional<registry::FileFacts> facts_;  // found_ was read with these; nullopt: read again
    Instant since_{};                           // they have been unchanged at least since then
    bool settled_ = false;  // they were unchanged for kSettled when the file was read
};

}  // namespace electiond::discovery
