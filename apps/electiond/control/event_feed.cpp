// Writes changes as server-sent events.
#include "control/event_feed.h"

#include <charconv>
#include <variant>

#include "control/answers.h"

namespace electiond {
namespace {

// After how many milliseconds a client connects again.
constexpr std::string_view kRetry = "retry: 1000\n\n";

std::string text_of(const EventJson& event, std::optional<Index> id) {
    std::string text = "event: ";
    text.append(event.name).append("\n");
    if (id) text.append("id: ").append(std::to_string(*id)).append("\n");
    // JSON text has no line ends, so it is one line of data.
    return text.append("data: ").append(json_object(event.data).text()).append("\n\n");
}

std::optional<Index> index_of(std::string_view text) {
    Index index = 0;
    const auto* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, index);
    return error == std::errc{} && rest == end ? std::optional(index) : std::nullopt;
}

// Each start of the daemon begins a new range: starts × 2^32 + n. An index beyond the newest is
// also of another run: the data directory was lost since.
bool is_of_another_life(Index index, Index newest) {
    return index >> 32 != newest >> 32 || index > newest;
}

}  // namespace

EventFeed::EventFeed(const ControlDependencies& dependencies)
    : dependencies_(dependencies),
      status_(dependencies.board.read()),
      leads_(status_->leads_at(dependencies.now())) {}

Showing EventFeed::showing() const {
    return {.status = *status_, .now = dependencies_.now(), .wall = dependencies_.wall_now()};
}

// An entry reaches the journal before its index is on the board. It is held back until then, so
// that no event is newer than the status sent with it.
std::string EventFeed::news() {
    const auto place = status_->index;
    status_ = dependencies_.board.read();
    std::string text;
    if (status_->index != place) {
        const auto entries = dependencies_.journal.since(place);
        apart_.reset();
        if (!entries) {  // more changes than the journal keeps, while this thread did not run
            leads_ = status_->leads_at(dependencies_.now());
            ++written_;
            return reset("gap");
        }
        for (const auto& entry : *entries) {
            if (entry->index > status_->index) break;
            text += text_of(event_json(*entry, showing()), entry->index);
            ++written_;
            if (const auto* change = std::get_if<StateChanged>(&entry->change)) {
                leads_ = change->state == State::leader;
            }
        }
    }
    return text + lease_news();
}

// Two changes have no journal entry: a lease ends while the election loop hangs, and this lease is
// renewed later with the same token. Any other end of a lead has an entry, possibly shortly after
// the change of the board.
std::string EventFeed::lease_news() {
    const auto shown = showing();
    const bool leads = status_->leads_at(shown.now);
    if (leads == leads_ || !(leads || status_->leadership.lapsed_at(shown.now))) return {};
    leads_ = leads;
    apart_ = leads ? Reason::none : Reason::lease_expired;
    ++written_;
    return text_of(state_json(shown, *apart_), std::nullopt);
}

std::string EventFeed::beginning(const std::optional<std::string>& last_event_id) {
    std::string text(kRetry);
    if (!last_event_id || last_event_id->empty()) return text + reset("begin");
    const auto newest = status_->index;
    const auto place = index_of(*last_event_id);
    if (place && is_of_another_life(*place, newest)) return text + reset("restart");
    const auto missed = place ? dependencies_.journal.since(*place) : std::nullopt;
    if (!missed) return text + reset("gap");
    for (const auto& entry : *missed) {
        if (entry->index > newest) break;  // the next news() sends it
        text += text_of(event_json(*entry, showing()), entry->index);
    }
    if (apart_) text += text_of(state_json(showing(), *apart_), std::nullopt);
    if (text.size() == kRetry.size()) text += kComment;
    return text;
}

std::string EventFeed::reset(std::string_view why) const {
    EventJson event{"reset", status_fields(dependencies_, *status_, dependencies_.now())};
    event.data.emplace_back("why", why);
    return text_of(event, status_->index);
}

}  // namespace electiond
