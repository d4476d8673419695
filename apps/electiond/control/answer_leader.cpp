// Answers GET /leader: the leader, for how long a client may rely on it, and the wait for a change.
#include <algorithm>
#include <charconv>

#include "control/answers.h"

namespace electiond {
namespace {

constexpr Milliseconds kWaitDefault{30'000};
constexpr Milliseconds kWaitMax{60'000};

std::optional<std::uint64_t> number_at_front(std::string_view text, std::string_view& rest) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    rest = text.substr(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<Milliseconds> parse_wait(std::string_view text) {
    std::string_view unit;
    const auto number = number_at_front(text, unit);
    const std::uint64_t scale = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
    if (!number || scale == 0) return std::nullopt;
    const auto most = static_cast<std::uint64_t>(kWaitMax.count());
    return Milliseconds(std::min(*number, most / scale) * scale);
}

// The parameters of a long poll: wait up to this time for a higher index than this one.
struct WaitLimits {
    Index after = 0;
    Milliseconds wait{kWaitDefault};
};

std::optional<WaitLimits> parse_wait_limits(const Target& target, Index newest) {
    WaitLimits limits{.after = newest};
    if (const auto index = target.query.find("index"); index != target.query.end()) {
        std::string_view rest;
        const auto number = number_at_front(index->second, rest);
        if (!number || !rest.empty()) return std::nullopt;
        limits.after = *number;
    }
    if (const auto wait = target.query.find("wait"); wait != target.query.end()) {
        const auto length = parse_wait(wait->second);
        if (!length) return std::nullopt;
        limits.wait = *length;
    }
    return limits;
}

// `now` was read first: a grant counts from the time of the request.
ApiResponse leader_response(const ControlDependencies& dependencies, Instant now, bool grants) {
    const auto granted = grants ? dependencies.grants.grant(dependencies.board, now,
                                                            dependencies.timing.client_grant)
                                : Milliseconds{0};
    const auto status = dependencies.board.read();
    const bool leads = status->leads_at(now);
    return answer(leads ? 200 : 503,
                  json_object({{"leaderId", status->leader_at(now)},
                               {"isLeader", leads},
                               {"term", status->term},
                               {"fencingToken", status->leadership.token_at(now)},
                               {"validForMs", leads ? granted : Milliseconds{0}},
                               {"leaseRemainingMs", status->leadership.lease_remaining(now)},
                               {"index", status->index}}));
}

// A long poll: ends when the index is higher, the time is over, or this node begins or ceases to
// lead. A lease that ends while the loop hangs changes no index, but it is a change, too.
class LongPoll : public ParkedAnswer {
  public:
    LongPoll(const ControlDependencies& dependencies, const WaitLimits& limits, Instant now,
             Places::Place place)
        : dependencies_(dependencies),
          after_(limits.after),
          end_(now + limits.wait),
          led_(dependencies.board.read()->leads_at(now)),
          place_(std::move(place)) {}

    std::optional<ApiResponse> look(Instant now) override {
        const auto status = dependencies_.board.read();
        const bool changed = status->index > after_ || status->leads_at(now) != led_;
        return changed || now >= end_ ? std::optional(end(now)) : std::nullopt;
    }
    [[nodiscard]] Instant deadline() const override { return end_; }
    [[nodiscard]] bool waits_for_board() const override { return true; }
    ApiResponse end(Instant now) override { return leader_response(dependencies_, now, false); }

  private:
    const ControlDependencies& dependencies_;
    const Index after_;
    const Instant end_;
    const bool led_;
    const Places::Place place_;
};

}  // namespace

ApiAnswer answer_leader(const Call& call) {
    const auto& dependencies = call.dependencies;
    const auto& query = call.target.query;
    const auto now = dependencies.now();
    // HEAD and OPTIONS come from health checks: they read no validForMs, so they are no grant, and
    // they never wait, since a check that hangs counts as failed.
    const bool reads = call.request.method == "GET";
    if (!query.contains("index") && !query.contains("wait"))
        return leader_response(dependencies, now, reads);
    const auto limits = parse_wait_limits(call.target, dependencies.board.read()->index);
    if (!limits) {
        return answer(Problem{400, "Malformed query",
                              "Expected ?index=N&wait=30s: a number, and a time with ms, s or m.",
                              Reason::malformed});
    }
    if (reads) {
        // If all places are taken, the client gets the present state at once.
        if (auto place = call.streams.take()) {
            return now_or_later(
                std::make_unique<LongPoll>(dependencies, *limits, now, std::move(*place)), now);
        }
    }
    return leader_response(dependencies, now, false);
}

}  // namespace electiond
