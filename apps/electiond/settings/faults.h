// Collects the faults of a configuration, so that one message lists all of them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/wording.h>

namespace electiond {

// Sorts lines of the form "FILE:LINE:COLUMN: …", or "FILE:LINE: …", by line and column; all other
// lines follow in their given order. `file` is spelled as in the lines.
void sort_by_place(std::vector<std::string>& faults, const std::filesystem::path& file);

// Throws one Error (code config) that lists all faults, one per line, sorted by place. Does nothing
// if there are none.
void throw_if_any(std::vector<std::string> faults, const std::filesystem::path& file);

// Holds one line per fault, in the order in which they were found. For one thread and one load.
class Faults {
  public:
    // `where` is "node.yaml:3:7" or "environment ELECTIOND_NODE_ID"; `sentence` names the key, what
    // was found, what was expected, and the remedy.
    void add(const std::string& where, const std::string& sentence);

    [[nodiscard]] std::size_t count() const { return lines_.size(); }

    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    std::vector<std::string> lines_;
};

// "a, b or c"
[[nodiscard]] std::string joined_by_or(const std::vector<std::string_view>& words);

}  // namespace electiond
