// What all connections of the control API share.
#include "control/serving.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>
#include <io/http1.h>

#include <utility>
#include <vector>

namespace electiond {

Serving::Serving(io::Loop& loop, ControlRoutes& routes, const ApiLimits& limits, const Log& log,
                 ApiCounts& counts)
    : loop_(loop),
      routes_(routes),
      limits_(limits),
      log_(log),
      counts_(counts),
      lease_(loop, [this] { lease_may_be_over(); }) {}

void Serving::stop(io::Task ended) {
    stopping_ = true;
    ended_ = std::move(ended);
    lease_.cancel();
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

void Serving::board_changed() {
    for (auto* stream : board_waits_) stream->interrupt();
    watch_lease();
}

void Serving::watch_lease() {
    if (lease_watched_ || board_waits_.empty() || stopping_) return;
    const auto now = routes_.now();
    const auto until = routes_.leads_until(now);
    if (until == electiond::kNever) return;
    lease_watched_ = true;
    lease_.set(deadline(until, now));
}

void Serving::lease_may_be_over() {
    lease_watched_ = false;
    if (routes_.leads_until(routes_.now()) == electiond::kNever) return board_changed();
    watch_lease();  // it was renewed
}

io::Deadline Serving::deadline(Instant when, Instant now) {
    if (when == electiond::kNever) return io::kNever;
    return io::Clock::now() + (when - now);
}

ApiResponse Serving::failed(const std::string& path, const std::string& what) {
    ++counts_.failed;
    if (const auto due = failures_.failed("request", what, routes_.now())) {
        log_.error("control API failed: " + what + due->suffix(), {{"path", path}});
    }
    return answer(
        Problem{500, "Internal error", "This is a bug; the log of the daemon says more."});
}

std::string Serving::written(const ApiResponse& response, bool without_body, bool keep_alive) {
    std::vector<io::HttpField> more{{"Date", date()}, {"Cache-Control", "no-store"}};
    for (const auto& [name, value] : response.headers) more.push_back({name, value});
    auto text = io::write_response_head(response.status, response.type, response.body.size(),
                                        keep_alive, more);
    if (!without_body && response.status != 204) text += response.body;
    return text;
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
