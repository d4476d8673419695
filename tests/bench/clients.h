// Clients of an HTTP server on one loop: their connections, and what came of their requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <io/loop.h>
#include <io/stream.h>
#include <io/timer.h>

namespace electiond::cluster {

// A response, or why there is none.
struct Reply {
    enum class Failure { none, reset, closed, silent, ending };

    int status = 0;  // 0: see failure
    bool keep_alive = true;
    std::string body{};
    Failure failure = Failure::none;

    explicit operator bool() const { return status != 0; }
    // The number behind "key":; 0 if there is none.
    [[nodiscard]] std::uint64_t number(const std::string& key) const;
};

// What came of connections and requests, how often each.
struct Outcomes {
    std::map<int, std::uint64_t> by_status;
    std::uint64_t refused = 0;  // nobody listens, or no connection within the patience
    std::uint64_t reset = 0;    // the connection broke before the answer was complete
    std::uint64_t closed = 0;   // … was closed in order
    std::uint64_t silent = 0;   // … and nothing came within the patience

    void count(const Reply& reply);
    // Of those that got no HTTP answer.
    [[nodiscard]] std::uint64_t without_answer() const { return refused + reset + closed + silent; }
    [[nodiscard]] std::uint64_t answers(int status) const {
        const auto at = by_status.find(status);
        return at == by_status.end() ? 0 : at->second;
    }
};

// Made, started and ended by one thread; the rest happens on the loop's.
class Clients {
  public:
    static constexpr std::chrono::seconds kPatience{10};

    // They ask 127.0.0.1.
    explicit Clients(std::uint16_t port);
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;
    ~Clients() { end(); }

    void start() { loop_.start(); }
    // Cuts every connection, and waits until all coroutines have ended.
    void end();
    [[nodiscard]] bool ending() const { return ending_; }

    // Calls `task` at this pace, until the end. Before start(), or on the loop's thread.
    void every(std::chrono::microseconds pace, io::Task task);
    void spawn(io::Async<> client) { loop_.spawn(std::move(client)); }

    // Null, and counted, if there is no connection.
    [[nodiscard]] io::Async<std::shared_ptr<io::Stream>> connect(Outcomes& outcomes);
    // The next response. Counts nothing.
    [[nodiscard]] io::Async<Reply> read(io::Stream& stream, io::Deadline deadline) const;
    // As above, until kPatience is over, and counted.
    [[nodiscard]] io::Async<Reply> read(io::Stream& stream, Outcomes& outcomes) const;
    // "GET /leader HTTP/1.1" and so on; `fields` each with their line end.
    [[nodiscard]] std::string request(const std::string& what,
                                      const std::string& fields = "") const;

  private:
    struct Pace {
        std::chrono::microseconds pace;
        io::Deadline due;
        std::unique_ptr<io::Timer> timer;
    };

    const std::uint16_t port_;
    io::Loop loop_;
    bool ending_ = false;
    std::list<Pace> paces_;
    std::vector<std::weak_ptr<io::Stream>> streams_;  // some are gone
    std::size_t streams_max_ = 1024;                  // then those that are gone are forgotten
};

}  // namespace electiond::cluster
