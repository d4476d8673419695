// Wakes coroutines whose sockets are ready: an epoll of our own below Asio's loop.
#pragma once

#include <io/async.h>
#include <io/descriptor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

// clang-format off
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
// clang-format on

namespace electiond::io {

// Asio has a record of 176 bytes for each descriptor that it watches, and frees none before the end
// of the loop; after many connections these would keep the memory around them in use, too. So Asio
// watches one descriptor, that of this epoll, and sockets cost nothing once they are closed.
//
// On the loop's thread alone. Must outlive its sockets.
class Readiness {
  public:
    enum class For { reading, writing, trouble };

    // Throws std::system_error if there is no descriptor.
    explicit Readiness(boost::asio::io_context& context);
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    // One socket that is watched while a coroutine or callback waits for it. Errors and the end of
    // the connection count as ready for everything.
    class Socket {
      public:
        // Borrows `descriptor`. `called`: see call(). Throws std::system_error if the kernel has no
        // room to watch it.
        Socket(Readiness& all, int descriptor, std::function<void()> called);
        ~Socket();
        Socket(const Socket&) = delete;
        Socket& operator=(const Socket&) = delete;

        // Waits until the socket is ready. False: cancelled. One coroutine at a time.
        [[nodiscard]] Async<bool> wait(For what);
        // Ends wait() at the next turn of the loop.
        void cancel();
        // Calls `called` once when the socket is ready.
        void call(For what);
        // Cancels, and forgets call(). Before the descriptor is closed. Idempotent.
        void close() noexcept;

      private:
        friend class Readiness;
        using Resume =
            boost::asio::async_result<boost::asio::use_awaitable_t<>, void(bool)>::handler_type;
        void arm();
        void disarmed() noexcept;
        void ready(std::uint32_t events);
        void resume(bool ready);

        Readiness& all_;
        int descriptor_;  // -1 once it is closed
        const std::function<void()> called_;
        std::optional<Resume> waits_;
        For waits_for_ = For::reading;
        std::optional<For> calls_for_;
        bool armed_ = false;
        bool cancelled_ = false;
    };

  private:
    static constexpr std::size_t kBatch = 64;

    void await();
    void dispatch();
    void end_cancelled();
    void forget(const Socket& socket) noexcept;
    template <class Act>
    void guarded(const Act& act);

    boost::asio::io_context& context_;
    Descriptor epoll_;
    boost::asio::posix::stream_descriptor watched_;  // a second descriptor of epoll_
    std::size_t armed_ = 0;                          // sockets that are waited for
    bool awaiting_ = false;
    bool dispatching_ = false;
    std::vector<Socket*> cancelled_;       // since end_cancelled() was posted
    std::vector<Socket*> ending_;          // while it runs
    std::array<Socket*, kBatch> batch_{};  // whose events are being handled; null: it is gone
    Socket* current_ = nullptr;
};

}  // namespace electiond::io
