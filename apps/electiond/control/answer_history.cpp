// Answers GET /history: the last changes of leadership, and the last changes of all kinds.
#include <variant>

#include "control/answers.h"
#include "control/event_json.h"

namespace electiond {
namespace {

// An entry of `history`; nullopt if the change is not about the leadership.
std::optional<Json> leadership_change(const Entry& entry, const Showing& showing) {
    const auto* gain = std::get_if<LeaderGained>(&entry.change);
    const auto* loss = std::get_if<LeaderLost>(&entry.change);
    if (!gain && !loss) return std::nullopt;
    return json_object({{"index", entry.index},
                        {"at", utc(entry.at, showing)},
                        {"term", gain ? gain->leader.token : loss->term},
                        {"leaderId", gain ? shown_name(gain->leader) : Json()},
                        {"previous", shown_name(entry.previous)},
                        {"reason", to_string(reason_of(entry.change))},
                        {"gapMs", entry.gap},
                        {"electionMs", entry.election}});
}

// An entry of `changes`: the data of the event in /events, with the name of the event.
Json change(const Entry& entry, const Showing& showing) {
    auto event = event_json(entry, showing);
    event.data.emplace_back("event", event.name);
    return json_object(event.data);
}

}  // namespace

ApiAnswer answer_history(const Call& call) {
    const auto status = call.dependencies.board.read();
    const Showing showing{
        .status = *status, .now = call.dependencies.now(), .wall = call.dependencies.wall_now()};
    std::vector<Json> history;
    std::vector<Json> changes;
    for (const auto& entry : call.dependencies.journal.after(0, Journal::kKept)) {
        if (auto shown = leadership_change(*entry, showing)) history.push_back(std::move(*shown));
        changes.push_back(change(*entry, showing));
    }
    return answer(200, json_object({{"history", json_array(history)},
                                    {"changes", json_array(changes)},
                                    {"index", call.dependencies.journal.index()}}));
}

}  // namespace electiond
