// Requests that are offered at a fixed rate, however fast they are answered.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clients.h"
#include "latencies.h"

namespace electiond::cluster {

// What became of them. A latency counts from the instant at which the request was to be sent, so a
// server that stops answering is charged for every request of that time.
struct Offered {
    Outcomes outcomes;
    Latencies latencies;         // of those answered
    std::uint64_t due = 0;       // how many were to be sent
    std::uint64_t unserved = 0;  // not answered when the clients ended; latencies has them, too

    [[nodiscard]] double errors() const {
        return static_cast<double>(outcomes.without_answer() + unserved);
    }
};

// Over `connections` that are kept: one request at a time on each, the next waits for one that is
// free. start() before that of the clients, stop_offering() and outstanding() from any thread,
// figures() after the clients' end.
class KeptRequests {
  public:
    KeptRequests(Clients& clients, const std::string& what, double rate, int connections);
    void start();
    void stop_offering() { offering_ = false; }
    [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
    [[nodiscard]] Offered figures() const;

  private:
    struct Line {
        std::shared_ptr<io::Stream> stream;
        std::optional<io::Deadline> due;  // of the request under way
        io::Deadline sent{};
        bool open = false;
        bool given_up = false;
    };
    void offer();
    void serve();
    void watch();
    [[nodiscard]] io::Async<> run(Line& line);

    Clients& clients_;
    const std::string request_;
    const std::chrono::nanoseconds interval_;
    std::vector<Line> lines_;
    std::deque<Line*> free_;  // the one that is free for longest first
    std::deque<io::Deadline> waiting_;
    io::Deadline next_{};
    std::atomic<bool> offering_{true};
    std::atomic<std::size_t> outstanding_{0};
    Offered offered_;
};

// Each on a connection of its own. As above.
class FreshRequests {
  public:
    FreshRequests(Clients& clients, const std::string& what, double rate);
    void start();
    void stop_offering() { offering_ = false; }
    [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
    [[nodiscard]] Offered figures() const { return offered_; }

  private:
    [[nodiscard]] io::Async<> ask(io::Deadline due);

    Clients& clients_;
    const std::string request_;
    const std::chrono::nanoseconds interval_;
    io::Deadline next_{};
    std::atomic<bool> offering_{true};
    std::atomic<std::size_t> outstanding_{0};
    Offered offered_;
};

}  // namespace electiond::cluster
