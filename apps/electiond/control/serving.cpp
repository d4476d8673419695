// State that all connections of the control API share.
#include "control/serving.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>
#include <io/http1.h>

#include <array>
#include <utility>
#include <vector>

namespace electiond {

Serving::Serving(io::Loop& loop, ControlRoutes& routes, const ApiLimits& limits, const Log& log,
                 ApiCounts& counts, Milliseconds silence)
    : loop_(loop),
      routes_(routes),
      limits_(limits),
      log_(log),
      counts_(counts),
      events_(loop, routes.dependencies(), counts, silence),
      lease_(loop, [this] { lease_may_be_over(); }) {}

void Serving::stop(io::Task ended) {
    stopping_ = true;
    ended_ = std::move(ended);
    lease_.cancel();
    events_.stop();
    if (open_ == 0) ended_();
}

void Serving::left() {
    if (--open_ == 0 && ended_) ended_();
}

Serving::BoardWait::BoardWait(Serving& all, io::Stream& stream) : all_(all), stream_(stream) {
    all_.board_waits_.insert(&stream_);
    all_.watch_lease();
}

Serving::BoardWait::~BoardWait() { all_.board_waits_.erase(&stream_); }

Serving::EventWait::EventWait(Serving& all, io::Stream& stream, const std::string& head,
                              const std::optional<std::string>& last_event_id)
    : watcher_(all.events_, stream, head, last_event_id) {
    all.watch_lease();
}

void Serving::board_changed() {
    for (auto* stream : board_waits_) stream->interrupt();
    events_.send_news();
    watch_lease();
}

// Called at each change of the board, because the lease may now end earlier: a quorum may need more
// voters. A renewal is cheap: it only moves the timer.
void Serving::watch_lease() {
    if (stopping_ || (board_waits_.empty() && events_.empty())) return;
    const auto until = routes_.leads_until(routes_.now());
    if (until != electiond::kNever) lease_.set(until.time_since_epoch());
}

void Serving::lease_may_be_over() {
    if (routes_.leads_until(routes_.now()) == electiond::kNever) return board_changed();
    watch_lease();  // it was renewed
}

io::Deadline Serving::deadline(Instant when, Instant now) {
    if (when == electiond::kNever) return io::kNever;
    return io::Clock::now() + (when - now);
}

// Logs once a minute for each reason: there are few reasons, but there may be many clients.
void Serving::warn(const std::string& kind, const std::string& text, const std::string& source) {
    if (const auto due = failures_.failed(kind, text, routes_.now())) {
        log_.warning(text + due->suffix(), {{"from", source}});
    }
}

// Port scans and health checks connect and close again: that needs no action by an operator.
void Serving::unsecured(const std::string& source, const io::TlsFailure& failure) {
    ++counts_.of(failure.fault);
    if (failure.fault == io::TlsFault::closed) {
        return log_.debug("a client of the control API closed the connection before TLS was set up",
                          {{"from", source}});
    }
    const std::string kind = std::string("tls-").append(to_string(failure.fault));
    if (failure.by_peer) {
        return warn(kind + "-told",
                    "a client of the control API refused the TLS connection: " + failure.text,
                    source);
    }
    warn(kind, "the control API refused the TLS connection of a client: " + failure.text, source);
}

void Serving::spoke_tls(const std::string& source) {
    ++counts_.tls_on_plain;
    warn("tls-on-plain",
         "a client speaks TLS to the control API, which speaks plain HTTP: let it use http://, or "
         "set api.tls",
         source);
}

void Serving::cut_by_reload(const std::string& source, const io::TlsFailure& failure) {
    warn(std::string("reload-").append(to_string(failure.fault)),
         "the control API closed a connection after the certificates were read again: " +
             failure.text,
         source);
}

ApiResponse Serving::failed(const std::string& path, const std::string& what) {
    ++counts_.failed;
    if (const auto due = failures_.failed("request", what, routes_.now())) {
        log_.error("control API failed: " + what + due->suffix(), {{"path", path}});
    }
    return answer(
        Problem{500, "Internal error", "This is a bug; the daemon's log has the details."});
}

std::string Serving::written(const ApiResponse& response, bool without_body, bool keep_alive) {
    std::vector<io::HttpField> more{{"Date", date()}, {"Cache-Control", "no-store"}};
    for (const auto& [name, value] : response.headers) more.push_back({name, value});
    auto text = io::write_response_head(response.status, response.type, response.body.size(),
                                        keep_alive, more);
    if (!without_body && response.status != 204) text += response.body;
    return text;
}

std::string Serving::stream_head() {
    const std::array<io::HttpField, 2> more{{{"Date", date()}, {"Cache-Control", "no-store"}}};
    return io::write_response_head(200, "text/event-stream", std::nullopt, false, more);
}

std::string_view Serving::date() {
    using namespace std::chrono;
    const auto now = floor<seconds>(system_clock::now());
    if (now != std::exchange(dated_, now)) {
        date_ = Poco::DateTimeFormatter::format(
            Poco::Timestamp::fromEpochTime(now.time_since_epoch().count()),
            Poco::DateTimeFormat::HTTP_FORMAT);
    }
    return date_;
}

}  // namespace electiond
