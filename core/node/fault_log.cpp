// Decides which failures and recoveries become a line of the log.
#include "node/fault_log.h"

#include <algorithm>
#include <utility>

namespace electiond {

std::string FaultLog::Failure::suffix() const {
    if (unlogged == 0) return "";
    return " (and " + std::to_string(unlogged) + (unlogged == 1 ? " time" : " times") +
           " since the last such line)";
}

std::optional<FaultLog::Failure> FaultLog::failed(const std::string& operation,
                                                  const std::string& text, Instant now) {
    auto& own = operations_[operation];
    if (!own.failing) {
        own.failing = true;
        own.since = now;
    }
    own.text = text;
    if ((own.logged && now - *own.logged < again_) || logged_elsewhere(own, now)) {
        ++own.unlogged;
        return std::nullopt;
    }
    own.logged = now;
    own.open = true;
    return Failure{std::exchange(own.unlogged, 0)};
}

std::optional<FaultLog::Recovery> FaultLog::worked(const std::string& operation, Instant now) {
    const auto found = operations_.find(operation);
    if (found == operations_.end()) return std::nullopt;
    auto& own = found->second;
    if (own.failing) {
        own.failing = false;
        own.recovered = now;
    }
    if (!own.open || (own.recovery_logged && now - *own.recovery_logged < again_))
        return std::nullopt;
    own.open = false;
    own.recovery_logged = now;
    return Recovery{own.recovered - own.since};
}

bool FaultLog::logged_elsewhere(const Operation& own, Instant now) const {
    return std::ranges::any_of(operations_, [&](const auto& entry) {
        const auto& other = entry.second;
        return &other != &own && other.failing && other.text == own.text && other.logged &&
               now - *other.logged < again_;
    });
}

}  // namespace electiond
