// One connection's bytes: what came in and is not yet understood, what goes out and is not yet
// taken.
#include "common/connection.h"

#include <array>
#include <cerrno>

namespace electiond::transport {

void Connection::watch(PollList& list, bool input, bool connecting) {
    const int wanted = (input ? POLLIN : 0) | (connecting || !out_.empty() ? POLLOUT : 0);
    slot_ = list.add(socket_.fd(), static_cast<short>(wanted));
}

Connection::Input Connection::receive() {
    std::array<char, 16 * 1024> bytes;
    const auto count = socket_.receive(bytes.data(), bytes.size());
    if (count == 0) return Input::ended;
    if (count < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Input::open
                                                                         : Input::broken;
    }
    in_.append(bytes.data(), static_cast<std::size_t>(count));
    return Input::open;
}

bool Connection::flush(Instant now) {
    const auto before = out_.size();
    while (!out_.empty()) {
        const auto count = socket_.send(out_);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
        if (count <= 0) break;
        out_.erase(0, static_cast<std::size_t>(count));
    }
    if (out_.size() != before || stalled_since_ > now) stalled_since_ = now;
    return true;
}

}  // namespace electiond::transport
