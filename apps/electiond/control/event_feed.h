// What event streams are sent, as text in the form of server-sent events; knows no connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/event_json.h"
#include "control/faces.h"

namespace electiond {

// One place in the journal for all streams: news() reads on from there, and beginning() brings a
// new stream up to that place, so that each later entry reaches each stream exactly once.
// One thread, the server's I/O thread. `faces` must outlive it.
class EventFeed {
  public:
    // Its place is the newest entry of the board.
    explicit EventFeed(const ControlFaces& faces);

    // All that has happened since the last call; empty if nothing has. Due when the board calls its
    // observers, when the lease of this node ends, and before beginning().
    [[nodiscard]] std::string news();

    // The first text of a stream: what follows `last_event_id` up to the last news(), or a `reset`
    // with the whole state. Nothing or an empty text: the client has no id.
    [[nodiscard]] std::string beginning(const std::optional<std::string>& last_event_id);

    // Sent while nothing happens, so that both sides notice a connection that is gone.
    static constexpr std::string_view kComment = ":\n\n";

    // How many events news() has written.
    [[nodiscard]] std::uint64_t written() const { return written_; }

  private:
    [[nodiscard]] Showing showing() const;
    [[nodiscard]] std::string lease_news();
    [[nodiscard]] std::string reset(std::string_view why) const;

    const ControlFaces& faces_;
    std::shared_ptr<const Status> status_;  // as of the last news(): told are all up to its index
    bool leads_;                            // as the streams have been told
    std::optional<Reason> apart_{};         // of the last event, if that had no index
    std::uint64_t written_ = 0;
};

}  // namespace electiond
