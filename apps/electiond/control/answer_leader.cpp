// /leader: who leads, for how long a client may rely on it, and the wait for a change.
#include <algorithm>
#include <charconv>

#include "control/answers.h"

namespace electiond {
namespace {

constexpr Milliseconds kWaitDefault{30'000};
constexpr Milliseconds kWaitMax{60'000};
constexpr Milliseconds kLook{100};  // how often a waiting request looks up

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

// How long to wait for an index above which one.
struct Patience {
    Index after = 0;
    Milliseconds wait{kWaitDefault};
};

std::optional<Patience> parse_patience(const Target& target, Index newest) {
    Patience patience{.after = newest};
    if (const auto index = target.query.find("index"); index != target.query.end()) {
        std::string_view rest;
        const auto number = number_at_front(index->second, rest);
        if (!number || !rest.empty()) return std::nullopt;
        patience.after = *number;
    }
    if (const auto wait = target.query.find("wait"); wait != target.query.end()) {
        const auto length = parse_wait(wait->second);
        if (!length) return std::nullopt;
        patience.wait = *length;
    }
    return patience;
}

// Until the index is above, the time is over, the room closes or the client hangs up. A lease that
// runs out while the loop hangs changes no index, but it is a change, too.
void await_change(const Call& call, const Patience& patience) {
    const auto& board = call.faces.board;
    const auto& now = call.faces.now;
    const auto end = now() + patience.wait;
    const bool led = board.read()->leads_at(now());
    while (!call.room.closed() && !(call.request.gone && call.request.gone())) {
        const auto look = std::min<Instant>(end, now() + kLook);
        const auto status = board.await_after(patience.after, look - now());
        const auto woken = now();
        // The board wakes early only where there is news, or where it was closed.
        if (status->index > patience.after || woken < look || woken >= end) return;
        if (status->leads_at(woken) != led) return;
    }
}

ApiResponse tell(const Call& call, bool grants) {
    const auto& faces = call.faces;
    const auto now = faces.now();  // before all else: a grant counts from when it was asked for
    const auto granted =
        grants ? faces.grants.grant(faces.board, now, faces.timing.client_grant) : Milliseconds{0};
    const auto status = faces.board.read();
    const bool leads = status->leads_at(now);
    return answer(leads ? 200 : 503,
                  json_object({{"leaderId", status->leader_at(now)},
                               {"isLeader", leads},
                               {"term", status->term},
                               {"fencingToken", status->token_at(now)},
                               {"validForMs", leads ? granted : Milliseconds{0}},
                               {"leaseRemainingMs", status->lease_remaining(now)},
                               {"index", status->index}}));
}

}  // namespace

ApiResponse answer_leader(const Call& call) {
    const auto& query = call.target.query;
    // HEAD and OPTIONS come from health checks: nobody reads a validForMs there, so they are no
    // grant, and they never wait, since a check that hangs counts as failed.
    const bool reads = call.request.method == "GET";
    if (!query.contains("index") && !query.contains("wait")) return tell(call, reads);
    const auto patience = parse_patience(call.target, call.faces.board.read()->index);
    if (!patience) {
        return answer(Problem{400, "Malformed query",
                              "Expected ?index=N&wait=30s: a number, and a time with ms, s or m.",
                              Reason::malformed});
    }
    if (reads) {
        // If all seats are taken, the client gets the present state at once.
        if (const auto seat = call.room.take_seat()) await_change(call, *patience);
    }
    return tell(call, false);
}

}  // namespace electiond
