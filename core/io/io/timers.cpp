// The deadlines of a loop, earliest first.
#include <io/timers.h>

#include <utility>

namespace electiond::io {

void Timers::set(const std::shared_ptr<Entry>& entry, Deadline when) {
    entry->due = when;
    if (when == kNever) return;
    if (!entry->place) {
        entry->place = queue_.emplace(when, entry);
    } else if (when < (*entry->place)->first) {
        move(*entry);
    }
}

void Timers::cancel(Entry& entry) noexcept {
    entry.due = kNever;
    if (const auto place = std::exchange(entry.place, std::nullopt)) queue_.erase(*place);
}

Deadline Timers::earliest() {
    while (!queue_.empty()) {
        const auto& [when, entry] = *queue_.begin();
        if (entry->due == when) return when;
        if (entry->due == kNever)
            cancel(*std::shared_ptr(entry));
        else
            move(*entry);
    }
    return kNever;
}

// Makes no more calls than there are entries, so that one that sets itself again to a deadline that
// is over does not hold the loop for ever.
void Timers::call_due(Deadline now, const Failed& failed) {
    for (auto most = queue_.size(); most > 0 && earliest() <= now; --most) {
        const auto entry = queue_.begin()->second;  // its owner may end its life
        cancel(*entry);
        guarded(failed, entry->expired);
    }
}

// Puts it in its place, without an allocation.
void Timers::move(Entry& entry) {
    auto node = queue_.extract(*entry.place);
    node.key() = entry.due;
    entry.place = queue_.insert(std::move(node));
}

}  // namespace electiond::io
