// Follows GET /events of one of several nodes, and goes on by itself when the connection breaks.
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
        opened,  // the endpoint answers; its events follow
        event,
        broken,  // the open stream has ended; `trouble` says why
        failed,  // no endpoint could be opened, each was tried; `trouble` lists why
    };
    Kind kind = Kind::event;
    std::string endpoint{};  // not with `failed`
    SseEvent event{};
    std::string trouble{};
    bool refused = false;  // with `failed`: an endpoint answered, by an error
};

// Has a thread of its own. After a failure the next endpoint is tried; when all have failed in
// turn, it waits for 100 ms, and longer each time, up to 1 s (or what the server says by `retry:`).
// An endpoint that breaks off and is opened again with no other between resumes after its last
// event (Last-Event-ID); any other stream begins with a `reset`.
//
// What is not taken waits: beyond 1,000 pieces of news or 4 MiB the stream is read no further.
class EventStream {
  public:
    static constexpr std::chrono::seconds kSilence{20};  // the server comments each 15 s

    // The client's endpoints, token and timeout (of connecting, and of the head of the answer). A
    // stream on which nothing comes for `silence` counts as broken.
    explicit EventStream(const ApiClient& client, std::chrono::milliseconds silence = kSilence);
    ~EventStream();
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    // The news since the last call, in order. Any thread.
    [[nodiscard]] std::vector<StreamNews> take();
    // Readable for poll(2) while there is something to take.
    [[nodiscard]] int handle() const { return woken_.handle(); }

    // Follows these from now on, the first one first; leaves any other that is open. Any thread.
    void use(std::vector<std::string> endpoints);

  private:
    struct Trouble {
        std::string text{};
        bool refused = false;
    };

    // All on the loop's thread.
    void begin();
    void dialled(const std::string& endpoint, unsigned turn, std::shared_ptr<io::Stream> stream,
                 const std::string& why);
    [[nodiscard]] io::Async<> follow(std::shared_ptr<io::Stream> stream, std::string endpoint,
                                     unsigned turn);
    [[nodiscard]] io::Async<std::optional<Trouble>> read_head(std::shared_ptr<io::Stream> stream,
                                                              std::string endpoint);
    [[nodiscard]] io::Async<std::string> read_events(std::shared_ptr<io::Stream> stream,
                                                     std::string endpoint);
    [[nodiscard]] std::string take_events(SseReader& reader, io::Stream& stream,
                                          const std::string& endpoint);
    [[nodiscard]] std::string request(const std::string& endpoint) const;
    void hear(const std::string& endpoint, SseEvent event);
    void could_not_open(const std::string& endpoint, const Trouble& trouble);
    void go_on();
    void put(StreamNews news);
    [[nodiscard]] bool full();

    const std::string token_;
    const std::chrono::milliseconds timeout_, silence_;

    std::vector<std::string> endpoints_;  // from here to `stream_` of the loop's thread
    std::size_t current_ = 0;
    unsigned turn_ = 0;         // of the attempt under way; an older one is given up
    std::size_t failures_ = 0;  // in a row
    std::string broke_;         // why the stream that was open has ended
    std::string tried_;         // why each of these endpoints could not be opened
    bool refused_ = false;
    std::chrono::milliseconds pause_;  // before the next round
    std::chrono::milliseconds pause_max_;
    std::string resumed_;  // the endpoint that last_id_ is of
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
