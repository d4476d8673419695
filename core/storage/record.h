// The body of a slot: a node's Durable as one line of JSON.
#pragma once

#include <string>

#include "election/durable.h"

namespace electiond {

// Raised if an older electiond must not read the record, because it would break a promise in it
// that it does not know. It then refuses to start.
inline constexpr std::uint64_t kRecordFormat = 1;

[[nodiscard]] std::string write_record(const Durable& record);

// Keys that this version does not know are left out: a newer electiond may add some to the same
// format if nothing is lost without them (decision 0004). Throws Error (code data), saying what is
// wrong, for a text that says anything else than write_record would: a missing or repeated key,
// another order, a number out of range, an unknown key inside a value.
[[nodiscard]] Durable read_record(const std::string& text);

}  // namespace electiond
