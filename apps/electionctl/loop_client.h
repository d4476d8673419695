// Sends requests to any number of API endpoints at the same time, on an event loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "electionctl/answer.h"
#include "electionctl/dialer.h"

namespace electiond::ctl {

// Call everything on the loop's thread. Must outlive Loop::stop().
class LoopClient {
  public:
    using Outcome = std::variant<Answer, NoAnswer>;
    using Done = std::function<void(const Outcome&)>;

    // `timeout`: to connect, and again for the answer, beyond Question::wait.
    LoopClient(io::Loop& loop, const Credentials& credentials, std::chrono::milliseconds timeout);

    // Calls `done` once, later; never after close().
    void ask(const std::string& endpoint, Question question, Done done);
    // Abandons all calls. The loop can end only after this.
    void close() noexcept;

  private:
    struct Call {
        std::string endpoint;
        Question question;
        Done done;
        Instant asked{};
        std::chrono::milliseconds patience{};  // for the answer
    };
    [[nodiscard]] io::Async<> exchange(std::shared_ptr<io::Stream> stream,
                                       std::shared_ptr<Call> call);
    [[nodiscard]] static std::optional<Outcome> outcome_of(const Call& call,
                                                           const io::Stream& stream,
                                                           io::Stream::Event event);

    io::Loop& loop_;
    const std::string token_;
    const std::chrono::milliseconds timeout_;
    Dialer dialer_;
    std::set<std::shared_ptr<io::Stream>> streams_;
    bool closed_ = false;
};

}  // namespace electiond::ctl
