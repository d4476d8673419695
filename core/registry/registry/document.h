// The text of a registry: the entries of nodes, and other keys, which stay as they are.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>

namespace electiond::registry {

// One entry as in the file: any key may be missing, or have any value. Copies share it.
using Entry = Poco::JSON::Object::Ptr;

// The string under `key`; nullopt if it is missing or not a string.
[[nodiscard]] std::optional<std::string> text_of(const Entry& entry, const std::string& key);

// The entry as compact JSON, all of its keys included.
[[nodiscard]] std::string compact_text(const Entry& entry);

// The part of an entry that its node renews. No other node writes it.
struct Heartbeat {
    std::string updated_at{};  // ISO 8601, by the clock of the node; may be empty
    std::uint64_t count = 0;   // of the renewals: the text changes even if the clock stands still
    // The entry may be removed if it was not renewed for this time. nullopt: its node runs a
    // version that does not renew it, so it never expires.
    std::optional<std::chrono::milliseconds> expire_after{};
};
inline constexpr std::chrono::minutes kExpireAfterMin{1};
inline constexpr std::chrono::hours kExpireAfterMax{8760};  // a year

// Missing and wrong values are left out, also an expire_after that is outside of the limits.
[[nodiscard]] Heartbeat heartbeat_of(const Entry& entry);
void put_heartbeat(Poco::JSON::Object& entry, const Heartbeat& heartbeat);

// A value; touches no file. Older versions can read the text, and keep the keys that they do not
// know, as this version does.
class Document {
  public:
    static constexpr std::size_t kSizeMax = 1024 * 1024;  // bytes; a longer text is refused

    // An empty one.
    Document();

    // Throws Error naming `file` if the text as a whole is garbled. Items of the list that are not
    // objects are left out.
    Document(const std::string& text, const std::string& file);

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    void set_entries(std::vector<Entry> entries) { entries_ = std::move(entries); }

    // Indented JSON. Throws Error if it would be longer than kSizeMax.
    [[nodiscard]] std::string text(const std::string& file) const;

  private:
    Poco::JSON::Object::Ptr root_;
    std::vector<Entry> entries_;
};

}  // namespace electiond::registry
