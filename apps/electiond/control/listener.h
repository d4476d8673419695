// One listening socket and the threads that serve its connections.
#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include <electiond/peer.h>

namespace electiond {

// Every call by one thread, but has_queue(); `serve` by any of at most `threads`, which are started
// as they are needed. Not Poco's TCPServer: that one stops only at the next turn of its poll, and
// frees a connection's socket by whichever thread comes last.
class Listener {
  public:
    using Serve = std::function<void(Poco::Net::StreamSocket&)>;

    // Binds. Throws Error (os) naming the address that cannot be had.
    Listener(const Endpoint& endpoint, bool v6_only, int threads);
    ~Listener() { stop(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] Endpoint endpoint() const { return endpoint_; }

    // `serve` must not throw; its connection is closed when it returns. `crowded` is called by the
    // accepting thread with the number of connections that wait because every thread is taken.
    void start(Serve serve, std::function<void(std::size_t)> crowded);
    // Does a connection wait for a thread? Any thread.
    [[nodiscard]] bool has_queue() const;
    // Accepts nobody any more, frees the port and drops who waits for a thread.
    void close() noexcept;
    // Closes, and waits for what is being served. Idempotent.
    void stop() noexcept;

  private:
    void accept_all();
    void take_in(std::list<Poco::Net::StreamSocket> connection);
    void work();

    static constexpr std::size_t kQueuedMax = 64;

    Poco::Net::ServerSocket socket_;
    Endpoint endpoint_;
    const std::size_t threads_;
    Serve serve_;
    std::function<void(std::size_t)> crowded_;
    std::thread acceptor_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // A list, so that a socket is handed on without a copy: it has one owner at any time.
    std::list<Poco::Net::StreamSocket> queue_;
    std::vector<std::thread> workers_;
    std::size_t idle_ = 0;
    bool closing_ = false;
};

}  // namespace electiond
