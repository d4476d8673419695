// One connection's bytes: what came in and is not yet understood, what goes out and is not yet
// taken.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/poll_list.h"
#include "common/socket.h"

namespace electiond::transport {

// Owned by the I/O thread. Bounded by its user: who wants no more bytes does not watch for POLLIN.
class Connection {
  public:
    enum class Input { open, ended, broken };

    explicit Connection(Socket socket) : socket_(std::move(socket)) {}

    void watch(PollList& list, bool input, bool connecting = false);
    [[nodiscard]] short events(const PollList& list) const { return list.events(slot_); }

    // Reads once.
    [[nodiscard]] Input receive();
    [[nodiscard]] std::string_view received() const { return in_; }
    void consume(std::size_t bytes) { in_.erase(0, bytes); }

    // Appends; flush() writes.
    void send(std::string_view bytes) {
        if (out_.empty()) stalled_since_ = Instant::max();
        out_ += bytes;
    }
    // Writes as much as the other side takes now; false where the connection is broken.
    [[nodiscard]] bool flush(Instant now);
    [[nodiscard]] std::size_t unsent() const { return out_.size(); }
    // Since when nothing of what waits could be written; of use where unsent().
    [[nodiscard]] Instant stalled_since() const { return stalled_since_; }

    [[nodiscard]] const Socket& socket() const { return socket_; }

  private:
    Socket socket_;
    std::size_t slot_ = PollList::kNoSlot;
    std::string in_;
    std::string out_;
    Instant stalled_since_{};
};

}  // namespace electiond::transport
