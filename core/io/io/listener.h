// Accepts the connections of one listening socket and starts a coroutine for each.
#pragma once

#include <io/connection.h>
#include <io/listening.h>
#include <io/loop.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <electiond/limits.h>

namespace electiond::io {

// On the loop's thread, except counts(). Destroy it after Loop::stop(), or before Loop::start().
//
// A connection that cannot be admitted gets `refusal` (for example an HTTP answer) before it is
// closed. For a few at a time, on descriptors kept back for that, the listener waits until the
// client has read it; beyond these it sends the refusal and closes the connection at once.
class Listener {
  public:
    using Serve = std::function<Async<>(std::shared_ptr<Connection>)>;

    // How many descriptors stay free for refusals and for files.
    static constexpr std::size_t kReserve = 32;

    // `socket` listens already (listening.h). If `refusal` is empty, connections are refused
    // without an answer.
    Listener(Loop& loop, Descriptor socket, const Limits& limits, Serve serve,
             std::string refusal = {});
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    void start();
    // Accepts no more, frees the address, and closes the connections whose refusal is not read yet.
    // Admitted connections stay, see connections().
    void close() noexcept;
    // For a Unix socket: its file is removed by close().
    void remove_at_close(SocketFile file) { file_.emplace(std::move(file)); }

    [[nodiscard]] Connections& connections() { return connections_; }
    // Any thread.
    [[nodiscard]] const ConnectionCounts& counts() const { return connections_.counts(); }

  private:
    void await();
    void accept_some();
    void take_in(Descriptor socket);
    void refuse(Descriptor socket);
    void give_memory_back();
    [[nodiscard]] Async<> send_refusal(std::shared_ptr<Stream> stream);

    Loop& loop_;
    Descriptor socket_;
    Readiness::Socket readiness_;
    Connections connections_;
    const Serve serve_;
    const std::string refusal_;
    std::vector<std::shared_ptr<Stream>> refusing_;  // their refusal is not read yet
    std::optional<SocketFile> file_;
    Timer pause_;            // after accept failed for want of descriptors
    std::size_t crowd_ = 0;  // the most connections since memory was last given back
    Timer crowd_gone_;       // calls give_memory_back() while there are more than a few
};

}  // namespace electiond::io
