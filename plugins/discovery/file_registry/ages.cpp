// For how long the entries of a registry have not been renewed.
#include "file_registry/ages.h"

#include <utility>

namespace electiond::discovery {

void Ages::saw(const Registry& registry, Instant now) {
    std::map<std::string, Instant> since;
    for (auto& entry : registry.renewed()) {
        const auto seen = since_.find(entry.text);
        const auto first = seen == since_.end() ? now : seen->second;
        since.emplace(std::move(entry.text), first);
    }
    since_ = std::move(since);
}

std::vector<Registry::Renewed> Ages::expired(const Registry& registry, Instant now) const {
    auto entries = registry.renewed();
    std::erase_if(entries, [&](const Registry::Renewed& entry) {
        const auto seen = since_.find(entry.text);
        return seen == since_.end() || now - seen->second < entry.expire_after;
    });
    return entries;
}

}  // namespace electiond::discovery
