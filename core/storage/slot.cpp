// One of the two copies of the record in the state file.
#include "storage/slot.h"

#include <Poco/SHA1Engine.h>

#include <charconv>

#include <electiond/error.h>

namespace electiond {
namespace {

// Against accidents, not against malice.
std::string sha1(const std::string& text) {
    Poco::SHA1Engine engine;
    engine.update(text);
    return Poco::DigestEngine::digestToHex(engine.digest());
}

// The number after `key` in the first line; 0 if there is none, which the caller detects.
std::uint64_t number(std::string_view line, std::string_view key) {
    std::uint64_t value = 0;
    if (const auto at = line.find(key); at != std::string_view::npos) {
        std::from_chars(line.data() + at + key.size(), line.data() + line.size(), value);
    }
    return value;
}

}  // namespace

std::string encode_slot(const Slot& slot) {
    const auto head = "electiond-state format=" + std::to_string(slot.format) +
                      " save=" + std::to_string(slot.save) +
                      " bytes=" + std::to_string(slot.body.size());
    auto bytes = head + " sha1=" + sha1(head + slot.body) + '\n' + slot.body + '\n';
    if (bytes.size() >= kSlotSize) {
        throw Error("the record of this node has " + std::to_string(slot.body.size()) +
                        " bytes, too many for its place in the state file; shorten cluster.name",
                    Error::data);
    }
    bytes.resize(kSlotSize - 1, ' ');
    return bytes + '\n';
}

// Parses tolerantly, and then checks that writing the result gives the same bytes: so every byte
// counts, also in the padding.
std::optional<Slot> decode_slot(std::string_view bytes) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    const auto size = number(line, " bytes=");
    if (bytes.size() != kSlotSize || size >= kSlotSize - line.size()) return std::nullopt;
    Slot slot{number(line, " format="), number(line, " save="),
              std::string(bytes.substr(line.size() + 1, size))};
    if (line.size() + size + 2 >= kSlotSize || encode_slot(slot) != bytes) return std::nullopt;
    return slot;
}

}  // namespace electiond
