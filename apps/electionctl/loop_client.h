// Sends requests to many API endpoints at the same time, on an event loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "electionctl/api_client.h"
#include "electionctl/dialer.h"

namespace electiond::ctl {

// Call everything on the loop's thread. Must outlive Loop::stop().
class LoopClient {
  public:
    using Outcome = std::variant<Answer, NoAnswer>;
    using Done = std::function<void(const Outcome&)>;

    // `timeout`: to connect, and again for the answer. An empty token is not sent.
    LoopClient(io::Loop& loop, std::string token, std::chrono::milliseconds timeout);

    // Calls `done` once, later; never after close(). `expects`: as in Question.
    void get(const std::string& endpoint, const std::string& path, const std::string& expects,
             Done done);
    // Gives up all calls. The loop can't end before this.
    void close() noexcept;

  private:
    struct Call {
        std::string endpoint, path, expects;
        Instant asked;
        Done done;
    };
    [[nodiscard]] io::Async<> exchange(std::shared_ptr<io::Stream> stream,
                                       std::shared_ptr<Call> call);
    [[nodiscard]] std::optional<Outcome> read(const Call& call, std::string_view bytes,
                                              io::Stream::Event event) const;

    io::Loop& loop_;
    const std::string token_;
    const std::chrono::milliseconds timeout_;
    Dialer dialer_;
    std::set<std::shared_ptr<io::Stream>> streams_;
    bool closed_ = false;
};

}  // namespace electiond::ctl
