// The events of one simulation: the newest as text for people, all of them as a hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/schedule.h"

namespace electiond::sim {

// Entries are kept as data and formatted only when they are read.
class Transcript {
  public:
    explicit Transcript(std::size_t kept = 400) : kept_(kept) {}

    // A request or its answer leaves `from` for `to`; `fate` is what the network does with it, as
    // in
    // "+1.2ms" or "lost".
    void message(Moment now, std::size_t from, std::size_t to, bool answer, std::string_view name,
                 std::string_view body, std::string_view fate);
    // Anything else that is worth a line; `node` is whom it is about.
    void line(Moment now, std::size_t node, std::string_view text);

    // The same for two runs if all their entries were equal, byte for byte.
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::string text() const;

    // The name for lines that are not about one node.
    static constexpr std::size_t kWorld = ~std::size_t{0};

  private:
    struct Entry {
        Moment when{};
        std::size_t from = kWorld;
        std::size_t to = kWorld;
        enum class Kind { line, request, answer } kind = Kind::line;
        std::string name{};  // of a message
        std::string text{};  // its body, or the line
        std::string fate{};
    };
    Entry& next();
    void digest(std::string_view text);
    void digest(std::uint64_t number);

    const std::size_t kept_;
    std::vector<Entry> ring_;
    std::size_t entered_ = 0;
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

// "0" for the first node: its id in every simulation.
[[nodiscard]] std::string node_name(std::size_t index);

// One message in short: its kind, its term, and other values that matter.
[[nodiscard]] std::string in_short(std::string_view name, std::string_view body, bool answer);

}  // namespace electiond::sim
