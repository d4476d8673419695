// Asks the API of many endpoints at a time, on an event loop, so that none waits for another.
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

// Every call on the loop's thread; must outlive Loop::stop().
class LoopClient {
  public:
    using Outcome = std::variant<Answer, NoAnswer>;
    using Done = std::function<void(const Outcome&)>;

    // `timeout`: for connecting, and again for the answer. An empty token is not sent.
    LoopClient(io::Loop& loop, std::string token, std::chrono::milliseconds timeout);

    // Calls `done` once, later; not after close(). `expects`: as in Question.
    void get(const std::string& endpoint, const std::string& path, const std::string& expects,
             Done done);
    // Gives up all that is under way. The loop can't end before this.
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
    [[nodiscard]] std::string request(const Call& call) const;

    io::Loop& loop_;
    const std::string token_;
    const std::chrono::milliseconds timeout_;
    Dialer dialer_;
    std::set<std::shared_ptr<io::Stream>> streams_;
    bool closed_ = false;
};

}  // namespace electiond::ctl
