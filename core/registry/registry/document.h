// The text of a registry: the entries of nodes, and all that must be kept beside them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>

namespace electiond::registry {

// One entry as it stands in the file: any key may be missing, or hold anything. Copies share it.
using Entry = Poco::JSON::Object::Ptr;

// The text under `key`; nullopt if there is none, or something else than a text.
[[nodiscard]] std::optional<std::string> text_of(const Entry& entry, const std::string& key);

// The entry as compact JSON, all of its keys included.
[[nodiscard]] std::string compact_text(const Entry& entry);

// What an entry says of the life of its node, which alone writes it.
struct Heartbeat {
    std::string updated_at{};  // ISO 8601, by the clock of the node; may be empty
    std::uint64_t count = 0;   // of the renewals, so that each differs from the last, whatever the
                               // clock of the node does
    // The entry may be removed if it was not renewed for so long. nullopt: its node runs a version
    // that renews nothing, so its age says nothing.
    std::optional<std::chrono::milliseconds> expire_after{};
};
inline constexpr std::chrono::minutes kExpireAfterMin{1};
inline constexpr std::chrono::hours kExpireAfterMax{8760};  // a year

// What is missing or wrong is left out; an expire_after outside of the limits counts as none.
[[nodiscard]] Heartbeat heartbeat_of(const Entry& entry);
void put_heartbeat(Poco::JSON::Object& entry, const Heartbeat& heartbeat);

// A value; touches no file. Older versions read what this one writes, and keep the keys that they
// do not know; this one does the same.
class Document {
  public:
    static constexpr std::size_t kSizeMax = 1024 * 1024;  // bytes; a longer text is refused

    // An empty one.
    Document();

    // Throws Error naming `file` if the text as a whole is garbled. What is no entry at all (a
    // number in the list, for example) is left out.
    Document(const std::string& text, const std::string& file);

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    void set_entries(std::vector<Entry> entries) { entries_ = std::move(entries); }

    // For people, too. Throws Error if it would be longer than kSizeMax.
    [[nodiscard]] std::string text(const std::string& file) const;

  private:
    Poco::JSON::Object::Ptr root_;
    std::vector<Entry> entries_;
};

}  // namespace electiond::registry
