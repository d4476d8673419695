// Requests /leader again and again from one endpoint, and from the next one if that fails.
#include "electionctl/leader_poll.h"

#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <thread>

#include "electionctl/endpoint.h"

namespace electiond::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPace{200};  // between two requests that were answered without waiting
constexpr std::int64_t kLeaseMaxMs = 24LL * 3'600'000;  // a longer one is an error

Lead lead_of(const Record& record, const std::string& endpoint, const std::string& json) {
    return {.leader = record.text("leaderId"),
            .own = record.flag("isLeader").value_or(false),
            .term = record.number("term").value_or(0),
            .token = record.number("fencingToken").value_or(0),
            .index = record.number("index").value_or(0),
            .endpoint = endpoint,
            .json = json};
}

}  // namespace

Answer ask_leader(const ApiClient& client, const std::string& endpoint, const std::string& query,
                  milliseconds wait) {
    Answer answer =
        client.ask(endpoint, {.path = "/leader" + query, .expects = "leaderId", .wait = wait});
    if (!answer.ok() && answer.status != 503) {
        throw NoAnswer(answer.why(), NoAnswer::Kind::broken);
    }
    return answer;
}

Lead lead_in(const Answer& answer, milliseconds foreign) {
    const Record record = answer.record();
    Lead lead = lead_of(record, answer.endpoint, answer.body);
    lead.until = answer.asked + foreign;
    if (lead.own) {
        const auto lease = record.number("leaseRemainingMs").value_or(0);
        lead.until = answer.asked +
                     less_drift(milliseconds(std::clamp<std::int64_t>(lease, 0, kLeaseMaxMs)));
    }
    return lead;
}

std::optional<Lead> lead_in_event(const std::string& json, const std::string& endpoint) try {
    return lead_of(Record(Poco::JSON::Parser().parse(json)), endpoint, json);
} catch (const Poco::Exception&) {
    return std::nullopt;
}

Lead LeaderPoll::next(milliseconds wait, milliseconds patience) {
    std::string tried;
    for (std::size_t i = 0; i < known_.size(); ++i) {
        try {
            Lead lead = ask(wait, patience);
            // A lease counts from before the request: if the wait has used it up, asks again.
            if (lead.own && known_[current_] && wait.count() > 0 &&
                BootClock::now() >= lead.until) {
                forget();
                lead = ask(wait, patience);
            }
            return lead;
        } catch (const NoAnswer& failure) {
            tried += "\n  GET " + request_at(endpoint(), "/leader") + ": " + failure.what();
            forget();
            move_on();
        }
    }
    throw Unreachable("no endpoint answers:" + tried, false);
}

Lead LeaderPoll::ask(milliseconds wait, milliseconds patience) {
    std::optional<std::int64_t>& known = known_[current_];
    const auto waits = known ? wait : milliseconds(0);
    const auto query =
        known ? "?index=" + std::to_string(*known) + "&wait=" + std::to_string(wait.count()) + "ms"
              : std::string();
    const Answer answer = ask_leader(client_.within(patience), endpoint(), query, waits);
    const auto index = answer.record().number("index");
    // If a node answers at once without a change, do not ask it in a busy loop.
    const auto pace = std::chrono::duration_cast<Duration>(std::min(kPace, wait));
    const auto early = answer.asked + pace - BootClock::now();
    if (index == known && early > Duration(0)) std::this_thread::sleep_for(early);
    known = index;
    return lead_in(answer, waits + client_.timeout());
}

}  // namespace electiond::ctl
