// A transport as the cases use it: an inbox that responds, and requests whose outcome is awaited.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/trial.h"

namespace electiond::kit {

using Handler = std::function<void(Request, Respond)>;

// Responds ok, with the body of the request.
void echo(Request request, const Respond& respond);

// How long a request may take if its response should come at once.
inline constexpr Milliseconds kWaitLimit{5000};

// Passes each request to a function that responds. A delivery after close() is a fault.
class CaseInbox : public Inbox {
  public:
    CaseInbox(Trial& trial, Handler handler) : trial_(trial), handler_(std::move(handler)) {}

    void deliver(Request request, Respond respond) noexcept override;
    void close() { closed_ = true; }
    [[nodiscard]] int delivered() const { return delivered_; }

  private:
    Trial& trial_;
    const Handler handler_;
    std::atomic<int> delivered_ = 0;
    std::atomic<bool> closed_ = false;
};

// Keeps requests that arrive, so that a case responds later or never. Must outlive the users of its
// handler.
class HeldRequests {
  public:
    [[nodiscard]] Handler handler();
    // Waits for the next request and returns it; fails if none arrives.
    [[nodiscard]] std::pair<Request, Respond> take();
    [[nodiscard]] std::size_t size() const;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<Request, Respond>> kept_;
};

// The outcome of one request. A second report is noted as a fault.
class Outcome {
  public:
    explicit Outcome(Trial& trial) : trial_(trial) {}
    void report(Response response);
    [[nodiscard]] bool reported() const;
    // Waits for it; fails if there is none within kWaitLimit plus `timeout`.
    [[nodiscard]] Response await(Milliseconds timeout = Milliseconds(0));
    // From `send` to the report.
    [[nodiscard]] Clock::duration taken() const;

  private:
    Trial& trial_;
    const Clock::time_point begun_ = Clock::now();
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Response> response_;
    Clock::time_point ended_{};
};
using Pending = std::shared_ptr<Outcome>;

// Kind and body of a response, for messages: "busy (too many requests)".
[[nodiscard]] std::string in_words(const Response& response);
[[nodiscard]] Request request(const std::string& name, const std::string& body = "{}",
                              Lane lane = Lane::election);

// One transport with its own inbox. The calls throw Failed.
class TransportNode {
  public:
    // Makes the transport and starts it.
    explicit TransportNode(Trial& trial, Handler handler = echo, const Setup& setup = {});
    TransportNode(const TransportNode&) = delete;
    TransportNode& operator=(const TransportNode&) = delete;
    ~TransportNode() { destroy(); }

    [[nodiscard]] Pending send(const Endpoint& to, Request what, Milliseconds timeout = kWaitLimit);
    // send and await: fails unless the response is ok.
    Response ask(const Endpoint& to, Request what = request("hello"));
    // Repeats requests until a response is ok: the other side may have started just now.
    [[nodiscard]] bool reaches(const Endpoint& to);
    void stop();
    void destroy();  // the plugin's object; call nothing after this

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
    [[nodiscard]] int delivered() const { return inbox_.delivered(); }
    [[nodiscard]] Transport& object() { return *object_; }

  private:
    Trial& trial_;
    CaseInbox inbox_;
    std::unique_ptr<Transport> object_;
    Endpoint endpoint_;
};

}  // namespace electiond::kit
