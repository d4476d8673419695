// electionctl tls: makes the certificates of a cluster, renews them, and explains them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

// `words` are those after `tls`. Asks no node. Returns the exit code; throws UsageError, and Error
// with its exit code.
[[nodiscard]] int tls(const std::vector<std::string>& words, std::ostream& out);

}  // namespace electiond::ctl
