// /history: the last changes of the leadership.
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include "control/answers.h"

namespace electiond {
namespace {

std::string utc(std::chrono::system_clock::time_point wall) {
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(wall.time_since_epoch());
    return Poco::DateTimeFormatter::format(Poco::Timestamp(micros.count()),
                                           "%Y-%m-%dT%H:%M:%S.%iZ");
}

// The name of who led; nothing where that was never known.
Json name(const std::optional<NodeId>& id) { return id && !id->empty() ? Json(*id) : Json(); }

}  // namespace

ApiAnswer answer_history(const Call& call) {
    const auto now = call.faces.now();
    const auto wall = call.faces.wall_now();
    std::vector<Json> entries;
    for (const auto& entry : call.faces.journal.after(0, Journal::kKept)) {
        const auto* gained = std::get_if<LeaderGained>(&entry->change);
        const auto* lost = std::get_if<LeaderLost>(&entry->change);
        if (!gained && !lost) continue;
        const auto ago =
            std::chrono::duration_cast<std::chrono::system_clock::duration>(now - entry->at);
        const auto& leader = gained ? gained->leader : lost->leader;
        const auto& who = leader.id.empty() ? leader.uuid.value : leader.id.value;
        entries.push_back(json_object({{"index", entry->index},
                                       {"at", utc(wall - ago)},
                                       {"term", gained ? gained->leader.token : lost->term},
                                       {"leaderId", gained ? Json(who) : Json()},
                                       {"previous", name(entry->previous)},
                                       {"reason", to_string(reason_of(entry->change))},
                                       {"gapMs", entry->gap},
                                       {"electionMs", entry->election}}));
    }
    return answer(200, json_object({{"history", json_array(entries)},
                                    {"index", call.faces.journal.index()}}));
}

}  // namespace electiond
