// Asks many nodes for their status at once, over the transport's query lane.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <electiond/transport.h>

#include "election/message.h"
#include "node/status.h"

namespace electiond {

// What a response must prove before it is shown. No vote depends on it.
struct SurveyCheck {
    bool certificates_name_nodes = false;  // as in Identity; false: every response counts
    std::string cluster{};                 // our own
    std::vector<Voter> known{};            // ids and uuids of the voters and of this node
};

// By what this node knows of the others now.
[[nodiscard]] SurveyCheck survey_check(bool certificates_name_nodes, const NodeView& view);

struct SurveyAnswer {
    std::optional<PeerReply> reply{};  // holds a StatusReply
    std::string error{};               // why there is no reply
};

// One round of status queries. Shared with its responses, which may arrive after the caller has
// dropped it. Never blocks; done and answers from any thread.
class Survey {
  public:
    // Queries all `targets`; each has `timeout` to respond. `members` asks for the leader's view,
    // too. A response that fails `check` (P1, P2: wrong identity) is an error. `on_done` is called
    // once, when the last response has arrived, on the thread of the transport (perhaps within this
    // call); never if there are no targets. It must not block or throw.
    static std::shared_ptr<Survey> start(Transport& transport, std::vector<Endpoint> targets,
                                         bool members, SurveyCheck check, Milliseconds timeout,
                                         std::function<void()> on_done);

    // True when every response has arrived; at once if there are no targets.
    [[nodiscard]] bool done() const;

    [[nodiscard]] const std::vector<Endpoint>& targets() const { return targets_; }

    // What has arrived by now, in the order of the targets; a missing one has the error "no answer
    // in time".
    [[nodiscard]] std::vector<SurveyAnswer> answers() const;

  private:
    Survey(std::vector<Endpoint> targets, SurveyCheck check, std::function<void()> on_done);
    void take(std::size_t place, Response answer);

    const std::vector<Endpoint> targets_;
    const SurveyCheck check_;
    std::function<void()> on_done_;
    mutable std::mutex mutex_;
    std::vector<std::optional<Response>> answers_;
    std::size_t missing_;
};

}  // namespace electiond
