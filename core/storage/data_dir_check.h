// Finds what would make a start fail because of the data directory, and changes nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <electiond/peer.h>

namespace electiond {

// Whole sentences, each with path and remedy.
struct DataDirReview {
    std::vector<std::string> faults;    // a start would fail
    std::vector<std::string> warnings;  // a start would not fail, or perhaps not
};

// Checks `folder` as the effective user: does it exist or can it be created, do we own it, can it
// be written, and does its state file belong to node `id` of `cluster`? A running daemon may hold
// the folder: that is no fault. Creates, locks and writes nothing; waits only for the file system.
// Throws nothing but std::bad_alloc. Any thread.
[[nodiscard]] DataDirReview review_data_dir(const std::filesystem::path& folder, const NodeId& id,
                                            const std::string& cluster);

}  // namespace electiond
