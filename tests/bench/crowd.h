// A crowd that costs a server its places and nothing else: idle connections, long polls, and
// clients that send a byte a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "clients.h"
#include "latencies.h"

namespace electiond::cluster {

struct CrowdPlan {
    int idle = 5'000;
    int polls = 1'000;
    int drippers = 64;
    std::chrono::seconds poll_wait{10};
};

// Keeps so many of each kind, and opens a new one for each that ends. start() before that of the
// clients; figures() after their end; the rest from any thread.
class Crowd {
  public:
    struct Figures {
        Outcomes idle;                  // every second one has asked for /livez once
        std::uint64_t idle_closed = 0;  // by the server, without a word; it may, nothing was asked
        Outcomes polls;
        Latencies polls_late;           // how long after the end of its wait each was answered
        std::uint64_t polls_early = 0;  // … before that end, although nothing had changed
        Outcomes drippers;
    };

    Crowd(Clients& clients, const CrowdPlan& plan) : clients_(clients), plan_(plan) {}
    void start();

    // Connections that stand now.
    [[nodiscard]] int idle() const { return idle_.standing; }
    [[nodiscard]] int polls() const { return polls_.standing; }
    [[nodiscard]] int drippers() const { return drippers_.standing; }
    [[nodiscard]] bool complete() const {
        return idle() == plan_.idle && polls() == plan_.polls && drippers() == plan_.drippers;
    }

    [[nodiscard]] const Figures& figures() const { return figures_; }

  private:
    struct Kind {
        int begun = 0;  // connected or about to be
        std::atomic<int> standing{0};
    };
    // Counts a connection as standing while it exists.
    class Standing {
      public:
        explicit Standing(Kind& kind) : kind_(kind) { ++kind_.standing; }
        Standing(const Standing&) = delete;
        Standing& operator=(const Standing&) = delete;
        ~Standing() { --kind_.standing; }

      private:
        Kind& kind_;
    };

    using Life = io::Async<> (Crowd::*)(std::shared_ptr<io::Stream>);
    void open_some();
    bool open_one(Kind& kind, int wanted, Outcomes& outcomes, Life life);
    [[nodiscard]] io::Async<> live(Kind& kind, Outcomes& outcomes, Life life);
    [[nodiscard]] io::Async<> stay_idle(std::shared_ptr<io::Stream> stream);
    [[nodiscard]] io::Async<> poll(std::shared_ptr<io::Stream> stream);
    [[nodiscard]] io::Async<> drip(std::shared_ptr<io::Stream> stream);

    Clients& clients_;
    const CrowdPlan plan_;
    Kind idle_, polls_, drippers_;
    int turns_ = 0;
    Figures figures_;
};

}  // namespace electiond::cluster
