// The registry as it is now, read only when it may have changed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <electiond/error.h>
#include <electiond/peer.h>

#include <registry/files.h>

#include "file_registry/ages.h"

namespace electiond::discovery {

// Each look asks for the file's facts, and reads the file only if they differ from those of the
// last reading. No notification (inotify) takes the place of that: a network file system notifies
// of what this host does, not of what others do.
//
// A change within the same tick of the file system's clock as the last reading, in a file of the
// same size, shows in no facts. So the file is read once more when its facts have stood for
// kSettled, and then no more: whatever changes it later gets another time. No clock of this host is
// compared with one of the file system, which a server may keep.
//
// One thread.
class Reader {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds kSettled{3};  // more than the coarsest tick known, 2 s

    // What it asks; the tests have their own.
    struct World {
        std::function<Instant()> clock = std::chrono::steady_clock::now;
        std::function<std::optional<registry::FileFacts>(const std::filesystem::path&)> facts =
            registry::facts_of;
    };

    // `path` may be a link. Touches nothing yet.
    Reader(std::string cluster, std::filesystem::path path) : Reader(cluster, path, World()) {}
    Reader(std::string cluster, std::filesystem::path path, World world);

    struct Found {
        std::optional<std::vector<Peer>> peers{};  // of our cluster; nullopt: there is no file
        std::optional<Error> garbled{};            // why the text as a whole can't be read
    };
    // Valid until the next look. Throws Error where file or folder can't be read.
    [[nodiscard]] const Found& look();

    // The ages of the entries, as of the last look() that read the file.
    [[nodiscard]] const Ages& ages() const { return ages_; }
    // The caller could not write the file, so perhaps nobody can.
    void restart_ages() { ages_.restart(); }

    // Where the file really is, if `path` is a link.
    [[nodiscard]] std::filesystem::path location() const { return registry::real_path(path_); }

  private:
    void read(Instant now);

    const std::string cluster_;
    const std::filesystem::path path_;
    const World world_;
    Found found_;
    Ages ages_;
    std::optional<registry::FileFacts> facts_;  // found_ was read with these; nullopt: read again
    Instant since_{};                           // they have stood at least since then
    bool settled_ = false;                      // and had stood for kSettled when the file was read
};

}  // namespace electiond::discovery
