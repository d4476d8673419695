// One of the two copies of the record in the state file, as readable text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace electiond {

inline constexpr std::size_t kSlotSize = 8192;

// "electiond-state format=1 save=42 bytes=312 sha1=…", a line end, the body, a line end, blanks up
// to the last byte, which is a line end. This frame is the same for every format, so that a record
// of a later electiond can be distinguished from a damaged one.
struct Slot {
    std::uint64_t format = 0;  // of the body
    std::uint64_t save = 0;    // counts the saves; the larger one is the newer record
    std::string body;

    bool operator==(const Slot&) const = default;
};

// Exactly kSlotSize bytes. Throws Error (code data) if the body is too long for them.
[[nodiscard]] std::string encode_slot(const Slot& slot);

// nullopt if even one bit differs from what encode_slot wrote.
[[nodiscard]] std::optional<Slot> decode_slot(std::string_view bytes);

}  // namespace electiond
