// The verb wait-leader: waits until a node leads.
#include <algorithm>
#include <ostream>
#include <thread>

#include "electionctl/exit_code.h"
#include "electionctl/leader_poll.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPause{200};  // after all endpoints have failed

}  // namespace

int wait_leader(const Session& session) {
    const auto total = session.arguments.timeout.value_or(std::chrono::seconds(30));
    const auto deadline = Clock::now() + total;
    // With several endpoints, a node that is cut off must not delay the request to one that knows
    // the leader.
    const milliseconds longest(session.client.endpoints().size() > 1 ? 1000 : 10'000);
    LeaderPoll poll(session.client);
    std::string last = "no endpoint was asked";
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left <= milliseconds(0)) break;
        try {
            const Lead lead = poll.next(std::min(left, longest), session.client.timeout());
            // The lead may be over if the node reported it before a long wait, or was paused since.
            const bool over = lead.own && BootClock::now() >= lead.until;
            if (over) {
                poll.forget();
                last = "the last answer, from " + lead.endpoint + ", came after its lease was over";
                continue;
            }
            if (session.arguments.me ? lead.own : !lead.leader.empty()) {
                const std::string text =
                    "node " + lead.leader + " leads in term " + std::to_string(lead.term);
                session.out << (session.arguments.output == Output::json ? lead.json : text)
                            << '\n';
                return kDone;
            }
            last = "last answer, from " + lead.endpoint + ": " +
                   (lead.leader.empty() ? "no leader" : "node " + lead.leader + " leads");
            poll.move_on();
        } catch (const Unreachable& error) {
            last = error.what();
            std::this_thread::sleep_until(std::min(deadline, Clock::now() + kPause));
        }
    }
    session.err << "electionctl: timed out after " << total.count() << " ms waiting for "
                << (session.arguments.me ? "this node to lead" : "a leader") << "; " << last
                << "\n  electionctl cluster shows which nodes are missing\n";
    return kTimedOut;
}

}  // namespace electiond::ctl
