// Follows GET /events of one of several nodes; if the connection breaks, tries the next node.
#include "electionctl/event_stream.h"

#include <io/http1.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "electionctl/api_request.h"
#include "electionctl/endpoint.h"
#include "electionctl/tls_words.h"

namespace electiond::ctl {
namespace {

using Event = io::Stream::Event;
using std::chrono::milliseconds;

constexpr milliseconds kPauseMin{100}, kPauseMax{1000};
constexpr std::chrono::seconds kSound{5};  // a stream that lasts this long counts as a success
constexpr milliseconds kLookAgain{50};     // when to check again for room for more news
constexpr std::size_t kIdMax = 64;
constexpr std::size_t kNewsMax = 1000;
constexpr std::size_t kNewsBytesMax = std::size_t{4} * 1024 * 1024;

// Why an answer is not an event stream; nullopt if it is one.
std::optional<std::string> refusal(const io::HttpResponseHead& head) {
    if (head.status == 200) {
        const auto type = io::find_field(head.fields, "Content-Type").value_or("");
        if (type.starts_with("text/event-stream")) return std::nullopt;
        return "answered with something other than events: it is not electiond";
    }
    const std::string code = "answered HTTP " + std::to_string(head.status);
    switch (head.status) {
        case 404:
        case 405:
            return code + ": this electiond is older than electionctl and has no /events";
        case 401:
            return code +
                   ": it requires a token (--token-file), or an operator's certificate (--cert, "
                   "--key)";
        case 403:
            return code +
                   ": ask it by its IP address, or add the name you used to its api.hostnames";
        case 503:
            return code + ": it has as many watchers as its api.limits.streams allows";
        default:
            return code + " " + std::string(io::reason_phrase(head.status));
    }
}

std::string why_closed(const io::Stream& stream, const std::string& endpoint,
                       const std::string& otherwise) {
    return stream.tls_failure() ? no_answer(*stream.tls_failure(), endpoint, true).what()
                                : otherwise;
}

std::string tried(const std::string& endpoint, const std::string& trouble) {
    return "\n  GET " + request_at(endpoint, "/events") + ": " + trouble;
}

}  // namespace

EventStream::EventStream(const ApiClient& client, milliseconds silence)
    : token_(client.credentials().token),
      timeout_(client.timeout()),
      silence_(silence),
      endpoints_(client.endpoints()),
      pause_(kPauseMin),
      pause_max_(kPauseMax),
      loop_([this](const std::exception& error) {
          put({.kind = StreamNews::Kind::failed, .trouble = error.what()});
      }),
      dialer_(loop_, client.credentials()),
      again_(loop_, [this] { begin(); }) {
    loop_.start();
    (void)loop_.post([this] { begin(); });
}

EventStream::~EventStream() {
    loop_.stop([this] {
        closed_ = true;
        again_.cancel();
        dialer_.close();
        if (stream_) stream_->cut();
    });
    stream_.reset();  // before the loop: the stream uses its descriptors
}

std::vector<StreamNews> EventStream::take() {
    const std::lock_guard lock(mutex_);
    woken_.clear();
    news_bytes_ = 0;
    auto news = std::exchange(news_, {});
    return {std::make_move_iterator(news.begin()), std::make_move_iterator(news.end())};
}

void EventStream::put(StreamNews news) {
    const std::lock_guard lock(mutex_);
    news_bytes_ += news.event.data.size() + news.trouble.size();
    // Failures are repeated even if nobody takes them; the newest one replaces the one before.
    if (news.kind == StreamNews::Kind::failed && !news_.empty() &&
        news_.back().kind == StreamNews::Kind::failed) {
        news_.pop_back();
    }
    news_.push_back(std::move(news));
    woken_.ring();
}

bool EventStream::full() {
    const std::lock_guard lock(mutex_);
    return news_.size() >= kNewsMax || news_bytes_ >= kNewsBytesMax;
}

void EventStream::use(std::vector<std::string> endpoints) {
    (void)loop_.post([this, endpoints = std::move(endpoints)]() mutable {
        const std::string now = endpoints_[current_];
        endpoints_ = std::move(endpoints);
        current_ = 0;
        if (endpoints_.front() == now) return;
        if (stream_) {
            stream_->cut();
            if (open_) {
                put({.kind = StreamNews::Kind::broken,
                     .endpoint = now,
                     .trouble = "another endpoint is followed instead"});
            }
        }
        begin();
    });
}

void EventStream::begin() {
    if (closed_) return;
    stream_.reset();
    open_ = false;
    again_.set(io::kNever);
    const std::string endpoint = endpoints_[current_];
    dialer_.dial(endpoint, timeout_,
                 [this, endpoint, turn = ++turn_](const std::shared_ptr<io::Stream>& stream,
                                                  const NoAnswer* failure) {
                     if (turn == turn_) dialled(endpoint, turn, stream, failure);
                 });
}

void EventStream::dialled(const std::string& endpoint, unsigned turn,
                          std::shared_ptr<io::Stream> stream, const NoAnswer* failure) {
    if (!stream) return could_not_open(endpoint, {.text = failure->what()});
    stream_ = std::move(stream);
    loop_.spawn(follow(stream_, endpoint, turn));
}

io::Async<> EventStream::follow(std::shared_ptr<io::Stream> stream, std::string endpoint,
                                unsigned turn) {
    const std::optional<Trouble> refused = co_await read_head(stream, endpoint);
    if (turn != turn_ || closed_) co_return;
    if (refused) {
        stream->cut();
        could_not_open(endpoint, *refused);
        co_return;
    }
    const auto opened = io::Clock::now();
    open_ = true;
    broke_.clear();
    tried_.clear();
    refused_ = false;
    if (std::exchange(resumed_, endpoint) != endpoint) last_id_.reset();
    put({.kind = StreamNews::Kind::opened, .endpoint = endpoint});
    const std::string trouble = co_await read_events(stream, endpoint);
    if (turn != turn_ || closed_) co_return;
    stream->cut();
    open_ = false;
    put({.kind = StreamNews::Kind::broken, .endpoint = endpoint, .trouble = trouble});
    broke_ = tried(endpoint, trouble);
    if (io::Clock::now() - opened >= kSound) {
        failures_ = 0;
        pause_ = kPauseMin;
    }
    go_on();
}

// Returns why no stream could be opened; nullopt when its events can be read.
io::Async<std::optional<EventStream::Trouble>> EventStream::read_head(
    std::shared_ptr<io::Stream> stream, std::string endpoint) {
    const io::Deadline deadline = io::Clock::now() + timeout_;
    const io::HttpLimits limits;
    std::optional<Trouble> trouble;
    stream->send(api_request(endpoint, {.path = "/events"}, "text/event-stream", token_,
                             resumed_ == endpoint ? last_id_ : std::nullopt));
    while (!trouble) {
        const Event event = co_await stream->receive(deadline);
        const auto head = io::read_response_head(stream->received(), limits);
        if (const auto wrong_scheme = asks_for_tls(stream->received(), endpoint)) {
            trouble = Trouble{wrong_scheme->what()};
        } else if (const auto* broken = std::get_if<io::HttpRefused>(&head)) {
            trouble = Trouble{"does not answer as electiond does: " + broken->reason};
        } else if (const auto* read = std::get_if<io::HttpResponseHead>(&head)) {
            if (const auto why = refusal(*read)) trouble = Trouble{*why, true};
            stream->consume(read->head_bytes);
            break;
        } else if (event == Event::late) {
            trouble = Trouble{"no answer within " + std::to_string(timeout_.count()) + " ms"};
        } else if (event == Event::ended || event == Event::broken) {
            trouble =
                Trouble{why_closed(*stream, endpoint, "closed the connection without an answer")};
        }
    }
    co_return trouble;
}

// Returns why the stream has ended.
io::Async<std::string> EventStream::read_events(std::shared_ptr<io::Stream> stream,
                                                std::string endpoint) {
    SseReader reader;
    std::string trouble = take_events(reader, *stream, endpoint);
    while (trouble.empty()) {
        // While nothing is read, events wait at the server, which drops a client that is too slow.
        while (full() && !stream->broken()) {
            const io::Deadline soon = io::Clock::now() + kLookAgain;
            const Event held = co_await stream->hold(soon);
            if (held == Event::broken) break;
        }
        const io::Deadline silent = io::Clock::now() + silence_;
        const Event event = co_await stream->receive(silent);
        if (event == Event::bytes) {
            trouble = take_events(reader, *stream, endpoint);
        } else if (event == Event::late) {
            trouble = "nothing came for " + std::to_string(silence_.count()) + " ms";
        } else if (event == Event::ended || event == Event::broken) {
            trouble = why_closed(*stream, endpoint, "the connection was closed");
        }
    }
    co_return trouble;
}

// Returns why the stream can't go on; empty if it can.
std::string EventStream::take_events(SseReader& reader, io::Stream& stream,
                                     const std::string& endpoint) try {
    for (SseEvent& event : reader.read(stream.received())) hear(endpoint, std::move(event));
    stream.consume(stream.received().size());
    pause_max_ = std::max(reader.retry().value_or(kPauseMax), kPauseMin);
    return "";
} catch (const SseTooLong& error) {
    return error.what();
}

void EventStream::hear(const std::string& endpoint, SseEvent event) {
    const auto sendable = [](char c) { return c > ' ' && c < 127; };
    if (event.id && event.id->size() <= kIdMax && std::ranges::all_of(*event.id, sendable)) {
        last_id_ = event.id;
    }
    put({.kind = StreamNews::Kind::event, .endpoint = endpoint, .event = std::move(event)});
}

void EventStream::could_not_open(const std::string& endpoint, const Trouble& trouble) {
    tried_ += tried(endpoint, trouble.text);
    refused_ = refused_ || trouble.refused;
    go_on();
}

// Goes to the next endpoint: at once, or after a pause if all have failed in turn.
void EventStream::go_on() {
    current_ = (current_ + 1) % endpoints_.size();
    if (++failures_ % endpoints_.size() != 0) return begin();
    if (!tried_.empty()) {
        put({.kind = StreamNews::Kind::failed,
             .trouble = "no endpoint has a stream of events:" + std::exchange(broke_, {}) +
                        std::exchange(tried_, {}),
             .refused = std::exchange(refused_, false)});
    }
    again_.set(io::Clock::now() + pause_);
    pause_ = std::min(2 * pause_, pause_max_);
}

}  // namespace electiond::ctl
