// The verbs that wait for a change of leadership: wait-leader, watch.
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "electionctl/exit_code.h"
#include "electionctl/shell.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPace{200};  // between two questions that were answered without waiting
constexpr milliseconds kLongPoll{25'000};

// Follows /leader of one endpoint; of the next one when it dies.
class LeaderPoll {
  public:
    explicit LeaderPoll(const ApiClient& client)
        : client_(client), known_(client.endpoints().size()) {}

    // How things stand; where that is known already, waits up to `wait` for a change. Throws
    // Unreachable when no endpoint answers.
    Answer next(milliseconds wait) {
        std::string tried;
        for (std::size_t i = 0; i < known_.size(); ++i) {
            try {
                return ask(wait);
            } catch (const NoAnswer& failure) {
                tried += "\n  GET " + endpoint() + "/leader: " + failure.what();
                known_[current_].reset();
                move_on();
            }
        }
        throw Unreachable("no endpoint answers:" + tried, false);
    }

    void move_on() { current_ = (current_ + 1) % known_.size(); }

  private:
    [[nodiscard]] const std::string& endpoint() const { return client_.endpoints()[current_]; }

    Answer ask(milliseconds wait) {
        std::optional<std::int64_t>& known = known_[current_];
        Question question{.path = "/leader", .expects = "leaderId"};
        if (known) {
            question.wait = wait;
            question.path +=
                "?index=" + std::to_string(*known) + "&wait=" + std::to_string(wait.count()) + "ms";
        }
        const auto before = Clock::now();
        Answer answer = client_.ask(endpoint(), question);
        if (!answer.ok() && answer.status != 503)
            throw NoAnswer(answer.why(), NoAnswer::Kind::broken);
        const auto index = answer.record().number("index");
        // Who answers at once without anything new must not be asked in a busy loop.
        if (index == known) std::this_thread::sleep_until(before + std::min(kPace, wait));
        known = index;
        return answer;
    }

    const ApiClient& client_;
    std::size_t current_ = 0;
    std::vector<std::optional<std::int64_t>> known_;  // the last index of each: it is a node's own
};

struct Lead {
    std::string leader;
    std::string term;
    bool asked_leads = false;
};

Lead lead_in(const Record& record) {
    return {record.text("leaderId"), record.text("term"), record.flag("isLeader").value_or(false)};
}

std::string line_of(const Answer& answer, const Lead& now, const Lead& before) {
    std::string line = Poco::DateTimeFormatter::format(Poco::Timestamp(), "%Y-%m-%dT%H:%M:%S.%iZ ");
    if (now.leader.empty()) {
        line += "no-leader term=" + now.term;
    } else {
        line += "leader=" + now.leader + " term=" + now.term;
        if (now.asked_leads) line += " token=" + answer.record().text("fencingToken");
    }
    if (!before.leader.empty() && before.leader != now.leader) line += " previous=" + before.leader;
    return line + " from=" + answer.endpoint;
}

void run_hook(const Session& session, const Answer& answer, const Lead& now, const Lead& before) {
    const Record record = answer.record();
    const std::string event = now.leader.empty() ? "no-leader"
                              : now.asked_leads  ? "leader"
                                                 : "follower";
    const int code = run_in_shell(*session.arguments.exec,
                                  {{"ELECTIOND_EVENT", event},
                                   {"ELECTIOND_LEADER_ID", now.leader},
                                   {"ELECTIOND_PREVIOUS_LEADER_ID", before.leader},
                                   {"ELECTIOND_TERM", now.term},
                                   {"ELECTIOND_FENCING_TOKEN", record.text("fencingToken")},
                                   {"ELECTIOND_INDEX", record.text("index")}},
                                  answer.body + "\n");
    if (code != 0) {
        session.err << "electionctl: the command ended with " << code << ": "
                    << *session.arguments.exec << '\n';
    }
}

}  // namespace

int wait_leader(const Session& session) {
    const auto total = session.arguments.timeout.value_or(std::chrono::seconds(30));
    const auto deadline = Clock::now() + total;
    // A node that is cut off must not keep us from one that knows.
    const milliseconds longest(session.client.endpoints().size() > 1 ? 1000 : 10'000);
    LeaderPoll poll(session.client);
    std::string last = "nobody was asked";
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left <= milliseconds(0)) break;
        try {
            const Answer answer = poll.next(std::min(left, longest));
            const Lead lead = lead_in(answer.record());
            if (session.arguments.me ? lead.asked_leads : !lead.leader.empty()) {
                const std::string text = "node " + lead.leader + " leads under term " + lead.term;
                session.out << (session.arguments.output == Output::json ? answer.body : text)
                            << '\n';
                return kDone;
            }
            last = "last answer, from " + answer.endpoint + ": " +
                   (lead.leader.empty() ? "no leader" : "node " + lead.leader + " leads");
            poll.move_on();
        } catch (const Unreachable& error) {
            last = error.what();
            std::this_thread::sleep_until(std::min(deadline, Clock::now() + kPace));
        }
    }
    session.err << "electionctl: timed out after " << total.count() << " ms waiting for "
                << (session.arguments.me ? "this node to lead" : "a leader") << "; " << last
                << "\n  electionctl cluster shows who is missing\n";
    return kTimedOut;
}

int watch(const Session& session) {
    LeaderPoll poll(session.client);
    std::optional<Lead> before;
    bool answering = true;
    for (int lines = 0; lines != session.arguments.count.value_or(-1);) {
        try {
            const Answer answer = poll.next(kLongPoll);
            const Lead now = lead_in(answer.record());
            answering = true;
            if (before && before->leader == now.leader && before->term == now.term) continue;
            const Lead previous = before.value_or(Lead{});
            session.out << (session.arguments.output == Output::json
                                ? answer.body
                                : line_of(answer, now, previous))
                        << std::endl;
            if (!session.out) return kRefused;  // nobody reads any more
            if (session.arguments.exec) run_hook(session, answer, now, previous);
            before = now;
            ++lines;
        } catch (const Unreachable& error) {
            if (!before) throw;
            if (answering) session.err << "electionctl: " << error.what() << "\n  trying on\n";
            answering = false;
            std::this_thread::sleep_for(std::chrono::seconds(1));
        }
    }
    return kDone;
}

}  // namespace electiond::ctl
