// What changed and why.
#include "node/journal.h"

#include <algorithm>
#include <utility>

namespace electiond {

Journal::Journal(std::uint64_t starts, Duration patience)
    : patience_(patience), index_(starts << 32) {}

void Journal::note(Instant now, const Change& change) {
    switch (change.kind) {
        case Change::Kind::leader:
            return gained(now, change);
        case Change::Kind::no_leader:
            return lost(now, change);
        default:
            return enter({.at = now, .change = change});
    }
}

void Journal::lost(Instant now, const Change& change) {
    if (!loss_) loss_ = Loss{.at = now, .change = change};
}

void Journal::gained(Instant now, const Change& change) {
    const auto loss = std::exchange(loss_, std::nullopt);
    const bool same = lead_ && lead_->uuid == change.uuid && lead_->token == change.term;
    if (same && !(loss && loss->entered)) return;
    Entry entry{.at = now, .change = change};
    if (lead_) entry.previous = lead_->id;
    entry.gap = loss ? now - loss->at : Duration{0};
    lead_ = Lead{change.uuid, change.subject, change.term};
    enter(std::move(entry));
}

void Journal::tick(Instant now) {
    if (now < deadline()) return;
    loss_->entered = true;
    Entry entry{.at = now, .change = loss_->change};
    if (lead_) entry.previous = lead_->id;
    enter(std::move(entry));
}

Instant Journal::deadline() const {
    return loss_ && !loss_->entered ? loss_->at + patience_ : kNever;
}

void Journal::enter(Entry entry) {
    const std::lock_guard lock(mutex_);
    entry.index = ++index_;
    entries_.push_back(std::move(entry));
    if (entries_.size() > kKept) entries_.pop_front();
}

Index Journal::index() const {
    const std::lock_guard lock(mutex_);
    return index_;
}

std::vector<Entry> Journal::after(Index after, std::size_t most) const {
    const std::lock_guard lock(mutex_);
    const auto first = std::ranges::upper_bound(entries_, after, {}, &Entry::index);
    const auto count = std::min(most, static_cast<std::size_t>(entries_.end() - first));
    return {entries_.end() - static_cast<std::ptrdiff_t>(count), entries_.end()};
}

}  // namespace electiond
