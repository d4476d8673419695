// The body of a slot: a node's Durable as one line of JSON.
#pragma once

#include <string>

#include "election/durable.h"

namespace electiond {

inline constexpr std::uint64_t kRecordFormat = 1;

[[nodiscard]] std::string write_record(const Durable& record);

// Throws Error (code data), saying what is wrong, for any text that write_record would not write:
// an unknown, missing or repeated key, another order, a number out of range.
[[nodiscard]] Durable read_record(const std::string& text);

}  // namespace electiond
