// Aligned columns and durations in words.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace electiond::ctl {

// Rows of as many cells as the head has. An empty cell prints as "-".
class Table {
  public:
    explicit Table(std::vector<std::string> head);
    void add(std::vector<std::string> row);
    void print(std::ostream& out) const;

  private:
    std::vector<std::vector<std::string>> rows_;  // the head is the first
};

// How many columns the text takes on a terminal: its UTF-8 characters.
[[nodiscard]] std::size_t width_of(const std::string& text);

// "850 ms", "2.3 s", "3 min 12 s", "4 h 5 min", "12 d 3 h"; "" if there is none.
[[nodiscard]] std::string in_words(std::optional<std::int64_t> milliseconds);

}  // namespace electiond::ctl
