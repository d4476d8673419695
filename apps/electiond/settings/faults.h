// What is wrong with a configuration, collected so that the operator hears of all of it at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/wording.h>

namespace electiond {

// Sorts lines of the form "FILE:LINE:COLUMN: …", or "FILE:LINE: …", by line and column, with all
// others behind them in their order. `file` as it stands in the lines.
void sort_by_place(std::vector<std::string>& faults, const std::filesystem::path& file);

// Throws one Error (code config) that lists all of them, a line each, sorted by place; does nothing
// if there are none.
void throw_if_any(std::vector<std::string> faults, const std::filesystem::path& file);

// One line a fault, in the order of finding. Used by one thread, for the length of one load.
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
[[nodiscard]] std::string either(const std::vector<std::string_view>& words);

}  // namespace electiond
