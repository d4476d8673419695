// Which changes happened and why.
#include "node/journal.h"

#include <algorithm>
#include <utility>

#include "election/overloaded.h"

namespace electiond {

Journal::Journal(std::uint64_t starts, Duration loss_delay)
    : loss_delay_(loss_delay), index_(starts << 32) {}

void Journal::note(Instant now, const Change& change) {
    std::visit(overloaded{[&](const LeaderGained& gain) { gained(now, gain); },
                          [&](const LeaderLost& loss) { lost(now, loss); },
                          [&](const auto&) { enter({.at = now, .change = change}); }},
               change);
}

void Journal::lost(Instant now, const LeaderLost& loss) {
    if (!loss_) loss_ = Loss{.at = now, .change = loss};
}

void Journal::gained(Instant now, const LeaderGained& gain) {
    const auto loss = std::exchange(loss_, std::nullopt);
    const bool same = lead_ && lead_->uuid == gain.leader.uuid && lead_->token == gain.leader.token;
    if (same && !(loss && loss->entered)) return;
    Entry entry{.at = now, .change = gain};
    if (lead_) entry.previous = lead_->id;
    const bool went_on = gain.before_until && *gain.before_until >= now;
    entry.election = loss && !went_on ? now - loss->at : Duration{0};
    entry.gap =
        gain.before_until ? std::max(now - *gain.before_until, *entry.election) : *entry.election;
    lead_ = gain.leader;
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
    return loss_ && !loss_->entered ? loss_->at + loss_delay_ : kNever;
}

void Journal::enter(Entry entry) {
    const std::lock_guard lock(mutex_);
    entry.index = ++index_;
    entries_.push_back(std::make_shared<const Entry>(std::move(entry)));
    if (entries_.size() > kKept) entries_.pop_front();
}

Index Journal::index() const {
    const std::lock_guard lock(mutex_);
    return index_;
}

Journal::Entries Journal::after(Index after, std::size_t most) const {
    auto all = [&] {
        const std::lock_guard lock(mutex_);
        return copy_after(after);
    }();
    if (all.size() > most) {
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    }
    return all;
}

std::optional<Journal::Entries> Journal::since(Index place) const {
    const std::lock_guard lock(mutex_);
    const Index before_kept = index_ - entries_.size();
    if (place < before_kept || place > index_) return std::nullopt;
    return copy_after(place);
}

Journal::Entries Journal::copy_after(Index after) const {
    const auto first = std::ranges::upper_bound(entries_, after, {},
                                                [](const auto& entry) { return entry->index; });
    return {first, entries_.end()};
}

}  // namespace electiond
