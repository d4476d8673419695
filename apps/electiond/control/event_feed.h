// Writes changes as server-sent events, for all streams at once; has no connection to clients.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/dependencies.h"
#include "control/event_json.h"

namespace electiond {

// All streams share one position in the journal: news() reads on from it, and beginning() brings a
// new stream up to it, so that each later entry reaches each stream exactly once. I/O thread only.
// `dependencies` must outlive it.
class EventFeed {
  public:
    // Starts at the newest entry on the board.
    explicit EventFeed(const ControlDependencies& dependencies);

    // All events since the last call; may be empty. Call it when the board calls its observers,
    // when the lease of this node ends, and before beginning().
    [[nodiscard]] std::string news();

    // The first text of a stream: the events after `last_event_id` up to the last news(), or a
    // `reset` with the whole state. nullopt or empty: the client has no id.
    [[nodiscard]] std::string beginning(const std::optional<std::string>& last_event_id);

    // Sent if there is no event for a while, so that both sides notice a dead connection.
    static constexpr std::string_view kComment = ":\n\n";

    // How many events news() has written.
    [[nodiscard]] std::uint64_t written() const { return written_; }

  private:
    [[nodiscard]] Showing showing() const;
    [[nodiscard]] std::string lease_news();
    [[nodiscard]] std::string reset(std::string_view why) const;

    const ControlDependencies& dependencies_;
    std::shared_ptr<const Status> status_;  // as of the last news()
    bool leads_;                            // as last sent to the streams
    std::optional<Reason> apart_{};         // reason of the last event, if it had no index
    std::uint64_t written_ = 0;
};

}  // namespace electiond
