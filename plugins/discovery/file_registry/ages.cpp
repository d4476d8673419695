// Measures how long the entries of a registry have not been renewed.
#include "file_registry/ages.h"

#include <utility>

namespace electiond::discovery {

// A node renews its entry four times in its life (FileRegistry::renew_after).
bool Ages::lost_sight(const Seen& seen, Instant now) const {
    return !looked_at_ || now - *looked_at_ > seen.expire_after / 4;
}

void Ages::looked(Instant now) {
    for (auto& [text, seen] : seen_) {
        if (lost_sight(seen, now)) seen.since = now;
    }
    looked_at_ = now;
}

void Ages::saw(const Registry& registry, Instant now) {
    std::map<std::string, Seen> all;
    for (auto& entry : registry.renewed()) {
        const auto seen = seen_.find(entry.text);
        const auto since = seen == seen_.end() ? now : seen->second.since;
        all.emplace(std::move(entry.text), Seen{since, entry.expire_after});
    }
    seen_ = std::move(all);
}

std::vector<Registry::Renewed> Ages::expired(const Registry& registry, Instant now) const {
    auto entries = registry.renewed();
    std::erase_if(entries, [&](const Registry::Renewed& entry) {
        const auto seen = seen_.find(entry.text);
        return seen == seen_.end() || lost_sight(seen->second, now) ||
               now - seen->second.since < entry.expire_after;
    });
    return entries;
}

}  // namespace electiond::discovery
