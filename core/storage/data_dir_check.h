// What a start would find wrong with the data directory, told without changing anything.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <electiond/peer.h>

namespace electiond {

// Whole sentences, each with path and remedy.
struct DataDirReview {
    std::vector<std::string> faults;    // a start would fail
    std::vector<std::string> warnings;  // it would not, or perhaps not
};

// Looks at `folder` as the effective user: is it there or can it be made, is it ours, can it be
// written, and does its state file belong to node `id` of `cluster`? A running daemon may hold the
// folder: that is no fault. Makes, locks and writes nothing; waits for nobody but the file system.
// Throws nothing but std::bad_alloc. Any thread.
[[nodiscard]] DataDirReview review_data_dir(const std::filesystem::path& folder, const NodeId& id,
                                            const std::string& cluster);

}  // namespace electiond
