// Follows GET /events of one of several nodes; if the connection breaks, tries the next node.
#pragma once

#include <io/loop.h>
#include <io/timer.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "electionctl/api_client.h"
#include "electionctl/bell.h"
#include "electionctl/dialer.h"
#include "electionctl/sse.h"

namespace electiond::ctl {

struct StreamNews {
    enum class Kind {
        opened,  // the endpoint has answered; its events follow
        event,
        broken,  // the open stream has ended; `trouble`: why
        failed,  // no endpoint could be opened; `trouble`: why
    };
    Kind kind = Kind::event;
    std::string endpoint{};  // not with `failed`
    SseEvent event{};
    std::string trouble{};
    bool refused = false;  // with `failed`: an endpoint answered with an error
};

// Has a thread of its own. After a failure it tries the next endpoint. If all have failed in turn,
// it waits for 100 ms, and longer each time, up to 1 s (or the `retry:` of the server). If it opens
// the same endpoint again before any other, the stream resumes after the last event
// (Last-Event-ID); any other stream begins with a `reset`.
//
// News are queued until they are taken. While more than 1,000 of them or 4 MiB are queued, nothing
// is read.
class EventStream {
  public:
    static constexpr std::chrono::seconds kSilence{20};  // the server sends a comment each 15 s

    // Uses the endpoints, the credentials and the timeout of `client` (to connect, and again for
    // the head of the answer). A stream on which nothing comes for `silence` counts as broken.
    explicit EventStream(const ApiClient& client, std::chrono::milliseconds silence = kSilence);
    ~EventStream();
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    // The news since the last call, in order. Any thread.
    [[nodiscard]] std::vector<StreamNews> take();
    // Readable for poll(2) while there are news to take.
    [[nodiscard]] int handle() const { return woken_.handle(); }

    // Follows these endpoints from now on, beginning with the first. If the open stream
    // is to the first one, it stays open; else it is closed. Any thread.
    void use(std::vector<std::string> endpoints);

  private:
    struct Trouble {
        std::string text{};
        bool refused = false;
    };

    // All of these run on the loop's thread.
    void begin();
    void dialled(const std::string& endpoint, unsigned turn, std::shared_ptr<io::Stream> stream,
                 const NoAnswer* failure);
    [[nodiscard]] io::Async<> follow(std::shared_ptr<io::Stream> stream, std::string endpoint,
                                     unsigned turn);
    [[nodiscard]] io::Async<std::optional<Trouble>> read_head(std::shared_ptr<io::Stream> stream,
                                                              std::string endpoint);
    [[nodiscard]] io::Async<std::string> read_events(std::shared_ptr<io::Stream> stream,
                                                     std::string endpoint);
    [[nodiscard]] std::string take_events(SseReader& reader, io::Stream& stream,
                                          const std::string& endpoint);
    void hear(const std::string& endpoint, SseEvent event);
    void could_not_open(const std::string& endpoint, const Trouble& trouble);
    void go_on();
    void put(StreamNews news);
    [[nodiscard]] bool full();

    const std::string token_;
    const std::chrono::milliseconds timeout_, silence_;

    std::vector<std::string> endpoints_;  // from here to `stream_`: loop's thread only
    std::size_t current_ = 0;
    unsigned turn_ = 0;         // number of the present attempt; older ones end
    std::size_t failures_ = 0;  // in a row
    std::string broke_;         // why the last open stream ended
    std::string tried_;         // why each of these endpoints could not be opened
    bool refused_ = false;
    std::chrono::milliseconds pause_;  // before the next round
    std::chrono::milliseconds pause_max_;
    std::string resumed_;  // the endpoint that last_id_ belongs to
    std::optional<std::string> last_id_;
    bool open_ = false;
    bool closed_ = false;
    std::shared_ptr<io::Stream> stream_;

    Bell woken_;
    std::mutex mutex_;
    std::deque<StreamNews> news_;  // under mutex_
    std::size_t news_bytes_ = 0;   // under mutex_

    io::Loop loop_;
    Dialer dialer_;
    io::Timer again_;
};

}  // namespace electiond::ctl
