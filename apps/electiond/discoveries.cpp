// The discoveries of one node, with a scout for each.
#include "discoveries.h"

#include <algorithm>
#include <utility>

#include <electiond/error.h>

#include "settings/differences.h"

namespace electiond {

std::vector<Discoveries::Entry> discovery_entries(const Settings& settings,
                                                  std::vector<LoadedPlugins::Named> discoveries) {
    const auto texts = discovery_texts(settings);
    ENSURE(texts.size() == discoveries.size());
    std::vector<Discoveries::Entry> entries;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        entries.push_back(
            {std::move(discoveries[i].plugin), texts[i], std::move(discoveries[i].discovery)});
    }
    return entries;
}

Discoveries::Seat Discoveries::begin(Entry entry) {
    Seat seat{std::move(entry.text), entry.discovery->arbiter() != nullptr, next_source_++, {}};
    seat.scout = std::make_shared<Scout>(seat.source, std::move(entry.plugin),
                                         std::move(entry.discovery), setup_.self, setup_.cluster,
                                         setup_.interval, setup_.post, setup_.log);
    seat.scout->start();
    return seat;
}

void Discoveries::start(std::vector<Entry> entries) {
    for (auto& entry : entries) {
        auto seat = begin(std::move(entry));
        const std::lock_guard lock(mutex_);
        seats_.push_back(std::move(seat));
    }
}

std::vector<Discoveries::Seat> Discoveries::seats() const {
    const std::lock_guard lock(mutex_);
    return seats_;
}

std::string Discoveries::gate(const std::vector<Entry>& entries) const {
    std::vector<std::string> running;
    std::vector<std::string> wanted;
    for (const auto& seat : seats()) {
        if (seat.arbiter) running.push_back(seat.text);
    }
    for (const auto& entry : entries) {
        if (entry.discovery->arbiter() != nullptr) wanted.push_back(entry.text);
    }
    return running == wanted ? ""
                             : "a plugin that can arbitrate (as file_registry and etcd can) "
                               "cannot change while the process runs";
}

bool Discoveries::runs(const std::string& text) const {
    return std::ranges::any_of(seats(), [&](const Seat& seat) { return seat.text == text; });
}

bool Discoveries::replace(std::vector<Entry> entries, Deadline deadline) {
    auto old = seats();
    std::vector<Seat> kept;  // one for each entry; without a scout if it is new
    for (const auto& entry : entries) {
        const auto same = std::ranges::find_if(
            old, [&](const Seat& seat) { return seat.scout && seat.text == entry.text; });
        kept.push_back(same == old.end() ? Seat{} : std::exchange(*same, Seat{}));
    }
    std::erase_if(old, [](const Seat& seat) { return !seat.scout; });
    for (const auto& seat : old) seat.scout->request_stop();
    bool ended = true;
    for (const auto& seat : old) {  // first, since a new entry may need its port
        if (seat.scout->stop(deadline)) continue;
        left_behind_.push_back(seat.scout);
        ended = false;
    }
    std::vector<Seat> seats;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        seats.push_back(kept[i].scout ? kept[i] : begin(std::move(entries[i])));
    }
    {
        const std::lock_guard lock(mutex_);
        seats_.swap(seats);
    }
    for (const auto& seat : old) setup_.post(PeersPolled{seat.source, {}});
    return ended;
}

void Discoveries::claim(const Claim& mine) const {
    for (const auto& seat : seats()) {
        if (seat.arbiter) return seat.scout->claim(mine);
    }
}

bool Discoveries::watch(Instant now) const {
    bool watches = false;
    for (const auto& seat : seats()) watches = seat.scout->watch(now) || watches;
    return watches;
}

std::vector<ScoutReport> Discoveries::reports() const {
    std::vector<ScoutReport> reports;
    for (const auto& seat : seats()) reports.push_back(seat.scout->report());
    return reports;
}

bool Discoveries::stop(Deadline deadline) noexcept {
    const auto all = seats();
    bool ended = left_behind_.empty();
    for (const auto& seat : all) seat.scout->request_stop();
    for (const auto& seat : all) ended = seat.scout->stop(deadline) && ended;
    return ended;
}

}  // namespace electiond
