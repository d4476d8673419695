// Accepts the connections of one listening socket and starts a coroutine for each.
#pragma once

#include <io/connection.h>
#include <io/loop.h>

#include <functional>
#include <memory>
#include <string>

#include <electiond/limits.h>

namespace electiond::io {

// On the loop's thread, but counts(). Destroyed after Loop::stop(), or before Loop::start().
//
// Never silence: who cannot be admitted gets `refusal` (an HTTP answer, say) before the connection
// is closed; a few at a time, from descriptors kept back for that, and beyond these they are closed
// without a word.
class Listener {
  public:
    using Serve = std::function<Async<>(std::shared_ptr<Connection>)>;

    // What stays free below the limit of descriptors: for refusals, and for files.
    static constexpr std::size_t kReserve = 32;

    // `socket` listens already (listening.h). An empty `refusal`: those refused are closed.
    Listener(Loop& loop, Descriptor socket, const Limits& limits, Serve serve,
             std::string refusal = {});
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    void start();
    // Accepts no more and frees the address; connections stay, see connections().
    void close() noexcept;

    [[nodiscard]] Connections& connections() { return connections_; }
    // Any thread.
    [[nodiscard]] const ConnectionCounts& counts() const { return connections_.counts(); }

  private:
    void await();
    void accept_some();
    void take_in(Descriptor socket);
    void refuse(Descriptor socket);
    [[nodiscard]] Async<> say_refusal(std::shared_ptr<Stream> stream);

    Loop& loop_;
    boost::asio::posix::stream_descriptor socket_;
    Connections connections_;
    const Serve serve_;
    const std::string refusal_;
    std::size_t refusing_ = 0;
    Timer pause_;  // after accept failed for want of descriptors
};

}  // namespace electiond::io
