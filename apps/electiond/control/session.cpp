// One connection to the control API.
#include "control/session.h"

#include <unistd.h>

#include <io/http1.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace electiond {
namespace {

using Got = io::Stream::Event;

constexpr int kRequestsMax = 1000;                // on one connection
constexpr int kRequestsPerTurn = 8;               // before the other connections have their turn
constexpr Milliseconds kLinger{1000};             // for the client to read the last answer
constexpr std::size_t kPipelined = 16 * 1024;     // read while an answer is parked
constexpr std::size_t kStreamBuffer = 64 * 1024;  // of the kernel, for one event stream
constexpr uid_t kOverflowUser = 65534;            // what the kernel shows for users it cannot map

std::optional<std::string> field(const io::HttpRequestHead& head, std::string_view name) {
    const auto value = io::find_field(head.fields, name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

Problem problem_of(const io::HttpRefused& refused) {
    switch (refused.status) {
        case 411:
            return {411, "Length required", refused.reason};
        case 413:
            return {413, "Body too large", refused.reason};
        case 417:
            return {417, "Expectation failed", refused.reason};
        case 431:
            return {431, "Header too large", refused.reason};
        case 505:
            return {505, "HTTP version not supported", refused.reason};
        default:
            return {400, "Malformed request", refused.reason, Reason::malformed};
    }
}

Problem malformed(const std::string& what) {
    return {400, "Malformed request", what, Reason::malformed};
}

Problem too_slow() { return {408, "Request timeout", "The request took too long to arrive."}; }

ApiCounts::Count& count_of(ApiCounts& counts, int status) {
    switch (status) {
        case 408:
            return counts.late;
        case 413:
            return counts.body_too_large;
        case 431:
            return counts.header_too_large;
        default:
            return counts.malformed;
    }
}

Problem plain_text() {
    return {400, "Plain text on a TLS port", "This port speaks TLS: use https://.",
            Reason::malformed};
}

// Makes the handshake. False if the connection is over.
io::Async<bool> secure(Serving& serving, io::Connection& connection,
                       const Certificates& certificates) {
    const auto context = certificates.current();
    auto failure = co_await connection.secure(context);
    // A reload during the handshake could not check this connection.
    const auto newest = certificates.current();
    if (!failure && newest != context) failure = newest->refuses(*connection.stream().tls());
    if (!failure) co_return true;
    if (serving.stopping()) co_return false;
    serving.unsecured(connection.source(), *failure);
    if (failure->fault == io::TlsFault::plain_text && !failure->by_peer) {
        connection.stream().send(serving.written(answer(plain_text()), false, false));
    }
    co_await connection.stream().finish(kLinger);
    co_return false;
}

}  // namespace

bool is_trusted(const std::optional<uid_t>& user, uid_t own) {
    return user && *user != kOverflowUser && (*user == 0 || *user == own);
}

io::Async<> Session::serve(Serving& serving, std::shared_ptr<io::Connection> connection,
                           const Certificates* certificates) {
    const Serving::Presence presence(serving);
    if (certificates != nullptr) {
        const bool secured = co_await secure(serving, *connection, *certificates);
        if (!secured) co_return;
    }
    Session session(serving, *connection);
    co_await session.run();
}

Session::Session(Serving& serving, io::Connection& connection)
    : serving_(serving),
      connection_(connection),
      stream_(connection.stream()),
      // May be called after the end of the connection or of the server.
      wake_([poster = serving.loop().poster(), weak = stream_.weak_from_this()] {
          poster.post([weak] {
              if (const auto stream = weak.lock()) stream->interrupt();
          });
      }) {}

io::Async<> Session::run() {
    bool keep = true;
    for (int served = 1; keep && !serving_.stopping(); ++served) {
        const bool whole = co_await read_request();
        if (!whole) co_return;
        if (!in_doubt_) {
            const bool answered = co_await answer_request();
            if (!answered) co_return;
        }
        if (events_) {
            co_await stream_events();
            co_return;
        }
        connection_.set_use(io::Use::busy);
        keep = keep_alive_ && !in_doubt_ && served < kRequestsMax && !serving_.stopping();
        serving_.log().debug(
            in_doubt_ ? std::string("control API refused a request and closes the connection")
                      : "control API answered " + request_.method + " " + request_.target,
            {{"status", response_.status}});
        stream_.send(serving_.written(response_, request_.method == "HEAD", keep));
        const bool taken = co_await stream_.drain();
        if (!taken) {
            ++serving_.counts().not_taken;
            co_return;
        }
        connection_.set_use(io::Use::idle);
        if (served % kRequestsPerTurn == 0) co_await serving_.loop().next_turn();
    }
    // Closing with unread input would reset the connection, and the client could lose the answer.
    if (!serving_.stopping()) co_await stream_.finish(kLinger);
}

io::Async<bool> Session::read_request() {
    // An assignment would keep the memory, but a connection is idle most of the time, and its last
    // answer may have been large.
    (void)std::exchange(request_, {});
    (void)std::exchange(response_, {});
    keep_alive_ = false;
    in_doubt_ = false;
    if (stream_.received().empty()) {
        const auto event = co_await first_input();
        if (event != Got::bytes) co_return false;
    }
    if (connection_.use() == io::Use::idle) connection_.set_use(io::Use::reading);
    const bool begun = co_await read_head();
    if (!begun) co_return false;
    if (in_doubt_ || !body_length_) co_return true;
    co_return co_await read_body(*body_length_, expects_continue_);
}

io::Async<bool> Session::read_head() {
    const auto& limits = serving_.limits();
    const io::HttpLimits lengths{.head_bytes = limits.header_bytes,
                                 .body_bytes = limits.body_bytes};
    const auto deadline = io::Clock::now() + limits.request_time;
    std::size_t looked_at = 0;
    for (;;) {
        // Parse only at the end of a line, or to refuse the length: nothing else can complete or
        // invalidate a head. So a client that sends single bytes does not cause a parse for each.
        const auto bytes = stream_.received();
        if (io::begins_tls(bytes) && stream_.tls() == nullptr) {
            serving_.spoke_tls(connection_.source());
            refuse(malformed("This port speaks plain HTTP: use http://, or set api.tls."));
            co_return true;
        }
        if (bytes.find('\n', looked_at) != std::string_view::npos ||
            bytes.size() > lengths.head_bytes) {
            const auto read = io::read_request_head(bytes, lengths);
            if (const auto* head = std::get_if<io::HttpRequestHead>(&read)) {
                take_head(*head);
                co_return true;
            }
            if (const auto* refused = std::get_if<io::HttpRefused>(&read)) {
                refuse(problem_of(*refused));
                co_return true;
            }
        }
        looked_at = bytes.size();
        const auto event = co_await more_input(deadline);
        if (event == Got::bytes) continue;
        if (nothing_but_line_ends()) co_return false;
        co_return refuse_unfinished(event, "The request ended in the middle of its header.");
    }
}

void Session::take_head(const io::HttpRequestHead& head) {
    request_.method = head.method;
    request_.target = head.target;
    request_.host = field(head, "Host");
    request_.origin = field(head, "Origin");
    request_.authorization = field(head, "Authorization");
    request_.last_event_id = field(head, "Last-Event-ID");
    const auto user = connection_.user();
    if (const auto* tls = stream_.tls()) {
        request_.certificate_names = tls->names();
        request_.own_names = tls->own_names();
    }
    request_.trusted = user && is_trusted(user, ::geteuid());
    body_length_ = head.body_bytes;
    expects_continue_ = head.expects_continue;
    keep_alive_ = head.keep_alive;
    stream_.consume(head.head_bytes);  // the last: `head` points into it
}

io::Async<bool> Session::read_body(std::size_t length, bool expects_continue) {
    // Not sent if the client has already begun to send its body.
    if (expects_continue && stream_.received().empty())
        stream_.send("HTTP/1.1 100 Continue\r\n\r\n");
    const auto deadline = io::Clock::now() + serving_.limits().request_time;
    while (stream_.received().size() < length) {
        const auto event = co_await more_input(deadline);
        if (event == Got::bytes) continue;
        co_return refuse_unfinished(event, "The body is shorter than Content-Length.");
    }
    request_.body = stream_.received().substr(0, length);
    stream_.consume(length);
    co_return true;
}

io::Async<bool> Session::answer_request() {
    connection_.set_use(io::Use::busy);
    ApiAnswer answered;
    const bool ran = runs([&] { answered = serving_.routes().answer(request_, wake_); });
    if (!ran) co_return true;
    if (auto* response = std::get_if<ApiResponse>(&answered)) {
        response_ = std::move(*response);
        co_return true;
    }
    if (auto* events = std::get_if<std::unique_ptr<EventStream>>(&answered)) {
        begin_events(std::move(*events));
        co_return true;
    }
    const auto parked = std::move(std::get<std::unique_ptr<ParkedAnswer>>(answered));
    if (!parked->waits_for_board()) co_return co_await wait_for(*parked);
    connection_.set_use(io::Use::streaming);
    const Serving::BoardWait wait(serving_, stream_);
    co_return co_await wait_for(*parked);
}

io::Async<bool> Session::wait_for(ParkedAnswer& parked) {
    bool ended = false;
    for (;;) {
        const auto deadline = Serving::deadline(parked.deadline(), serving_.routes().now());
        // Input during the wait is the next request, or the end of the connection.
        const bool reads = !ended && stream_.received().size() < kPipelined;
        auto event = Got::interrupted;
        if (reads) {
            event = co_await stream_.receive(deadline);
        } else {
            event = co_await stream_.hold(deadline);
        }
        if (event == Got::broken) co_return false;
        if (event == Got::ended) {
            // The client may have closed only its own direction. Then a long poll ends without an
            // answer, but the outcome of a command is still sent.
            if (parked.waits_for_board()) co_return false;
            ended = true;
        }
        const auto now = serving_.routes().now();
        std::optional<ApiResponse> response;
        const bool ran = runs([&] {
            if (serving_.stopping())
                response = parked.end(now);
            else
                response = parked.look(now);
        });
        if (response) response_ = std::move(*response);
        if (response || !ran) co_return true;
    }
}

// HEAD gets only the head. If an exception comes before anything was sent, answers 500.
void Session::begin_events(std::unique_ptr<EventStream> events) {
    const bool begun = runs([&] {
        const auto head = serving_.stream_head();
        if (request_.method == "HEAD") return stream_.send(head);
        connection_.set_use(io::Use::streaming);
        stream_.set_send_buffer(kStreamBuffer);
        watching_.emplace(serving_, stream_, head, events->last_event_id);
    });
    if (!begun) return;
    events_ = std::move(events);
    serving_.log().debug("control API starts an event stream", {{"target", request_.target}});
}

io::Async<> Session::stream_events() {
    (void)std::exchange(request_, {});
    for (std::size_t dropped = 0; watching_ && !serving_.stopping();) {
        dropped += stream_.received().size();  // input after the request is ignored
        stream_.consume(stream_.received().size());
        if (dropped > kPipelined) co_return;
        const auto event = co_await stream_.receive(io::kNever);
        if (event == Got::ended || event == Got::broken) co_return;
    }
    const bool taken = co_await stream_.drain();
    if (taken && !serving_.stopping()) co_await stream_.finish(kLinger);
}

// A reload may change how long a connection may be idle.
io::Async<Got> Session::first_input() {
    for (const auto since = io::Clock::now();;) {
        const auto event = co_await stream_.receive(since + serving_.limits().idle_time);
        const bool too_early =
            event == Got::late && io::Clock::now() < since + serving_.limits().idle_time;
        const bool waits_on = event == Got::interrupted && !serving_.stopping();
        if (!too_early && !waits_on) co_return event;
    }
}

io::Async<Got> Session::more_input(io::Deadline deadline) {
    for (;;) {
        const auto event = co_await stream_.receive(deadline);
        if (event != Got::interrupted || serving_.stopping()) co_return event;
    }
}

bool Session::nothing_but_line_ends() const {
    return stream_.received().find_first_not_of("\r\n") == std::string_view::npos;
}

bool Session::refuse_unfinished(Got event, const std::string& if_ended) {
    if (event == Got::ended) refuse(malformed(if_ended));
    if (event == Got::late) refuse(too_slow());
    return in_doubt_;
}

bool Session::runs(const std::function<void()>& act) {
    try {
        act();
        return true;
    } catch (const std::exception& error) {
        response_ = serving_.failed(request_.target, error.what());
    } catch (...) {
        response_ =
            serving_.failed(request_.target, "it threw something that is not a std::exception");
    }
    return false;
}

void Session::refuse(const Problem& problem) {
    in_doubt_ = true;
    ++count_of(serving_.counts(), problem.status);
    response_ = electiond::answer(problem);
}

}  // namespace electiond
