// How the tests run `electionctl plugin`.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "folder.h"
#include "process.h"

namespace electiond::cluster {

inline const std::filesystem::path kKitGuests = KIT_GUESTS;
inline const std::filesystem::path kHostGuests = HOST_GUESTS;
inline const std::filesystem::path kOwnPlugins = ELECTIOND_PLUGINS;

[[nodiscard]] inline Finished plugin(std::vector<std::string> words,
                                     Milliseconds limit = std::chrono::seconds(230)) {
    words.insert(words.begin(), {ELECTIONCTL, "plugin"});
    return run(words, limit);
}

// The same on a guest (guests/KIND_guest.cpp) with this defect.
[[nodiscard]] inline Finished check_guest(const std::string& kind, const std::string& defect,
                                          std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/env", "GUEST_DEFECT=" + defect, ELECTIONCTL, "plugin",
                                 "check", kKitGuests / (kind + "_guest.so")});
    return run(words, std::chrono::seconds(230));
}

[[nodiscard]] inline std::vector<std::string> lines_with(const std::string& text,
                                                         const std::string& begin) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        if (line.starts_with(begin)) found.push_back(line);
        at = end + 1;
    }
    return found;
}

// The names of the cases that were skipped.
[[nodiscard]] inline std::vector<std::string> skipped(const std::string& tap) {
    std::vector<std::string> names;
    for (const auto& line : lines_with(tap, "ok ")) {
        const auto begin = line.find(" - "), end = line.find(" # SKIP ");
        if (begin == std::string::npos || end == std::string::npos) continue;
        names.push_back(line.substr(begin + 3, end - begin - 3));
    }
    return names;
}

}  // namespace electiond::cluster
