// Wakes coroutines whose sockets are ready: the epoll in which a loop waits.
#pragma once

#include <io/async.h>
#include <io/clock.h>
#include <io/descriptor.h>
#include <io/guarded.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

// clang-format off
#include <boost/asio/use_awaitable.hpp>
// clang-format on

namespace electiond::io {

// Asio's own reactor has a record of 176 bytes for each descriptor that it watches, and frees none
// before the end of the loop. Here sockets cost nothing once they are closed. A socket stays
// watched for what it was waited for last, so waiting for the same again costs no system call.
//
// On the loop's thread alone. Must outlive its sockets.
class Readiness {
  public:
    enum class For { reading, writing, trouble };

    // Throws std::system_error if there is no descriptor. `failed` is borrowed.
    explicit Readiness(const Failed& failed);
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
        // Calls `called` once when the socket is ready. Until then the loop does not end.
        void call(For what);
        // Forgets call().
        void call_off() noexcept;
        // Cancels, and forgets call(). Before the descriptor is closed. Idempotent.
        void close() noexcept;

      private:
        friend class Readiness;
        using Resume =
            boost::asio::async_result<boost::asio::use_awaitable_t<>, void(bool)>::handler_type;
        [[nodiscard]] std::uint32_t wanted() const;
        void watch();
        void watch_for(std::uint32_t events);
        void unwatch_surplus(std::uint32_t events);
        void ready(std::uint32_t events);
        void resume(bool ready);

        Readiness& all_;
        int descriptor_;  // -1 once it is closed
        const std::function<void()> called_;
        std::optional<Resume> waits_;
        For waits_for_ = For::reading;
        std::optional<For> calls_for_;
        std::uint32_t watched_;  // as the kernel knows it
        bool cancelled_ = false;
    };

    // An eventfd or timerfd that ends wait() when it is written to, or expires. It is never read.
    // Borrowed.
    void watch_wake_ups(int descriptor);

    // Gives `turn` away, calls `before`, waits until a socket is ready, at most until `deadline`,
    // and holds `turn` again when it returns: without it, another thread that holds it may use this
    // object and its sockets. `woken` is false meanwhile, and true from the moment when it wants
    // `turn` back.
    void wait(Deadline deadline, std::unique_lock<std::mutex>& turn, std::atomic<bool>& woken,
              const std::function<void()>& before);
    // Handles what wait() has found.
    void handle();

    // Waits were cancelled: end_cancelled() must be called before the next turn that waits.
    [[nodiscard]] bool has_cancelled() const { return !cancelled_.empty(); }
    void end_cancelled();

    // True if call() waits for a socket.
    [[nodiscard]] bool has_calls() const { return calls_ > 0; }

  private:
    static constexpr std::size_t kBatch = 64;

    void forget(const Socket& socket) noexcept;

    const Failed& failed_;
    Descriptor epoll_;
    std::size_t calls_ = 0;           // sockets for which call() waits
    std::vector<Socket*> cancelled_;  // since the last end_cancelled()
    std::vector<Socket*> ending_;     // while it runs
    struct Found {
        Socket* socket = nullptr;  // null: it is gone, or it was the eventfd
        std::uint32_t events = 0;
    };
    std::array<Found, kBatch> batch_{};  // the first of them: found, and not handled yet
    std::size_t found_ = 0;              // how many of them
    Socket* current_ = nullptr;
    bool is_waiting_ = false;
    std::vector<const Socket*> gone_;  // since it waits
};

}  // namespace electiond::io
