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

// What an answer must prove to be shown. No vote depends on it.
struct SurveyCheck {
    bool certificates_name_nodes = false;  // as in Identity; false: every answer counts
    std::string cluster{};                 // our own
    std::vector<Voter> known{};            // whose uuid is whose: the voters, and this node
};

// As this node knows the others now.
[[nodiscard]] SurveyCheck survey_check(bool certificates_name_nodes, const NodeView& view);

struct SurveyAnswer {
    std::optional<PeerReply> reply{};  // holds a StatusReply
    std::string error{};               // why there is none
};

// One round of questions. Shared with the replies that are under way, which may come after the
// asker has dropped it. Never blocks; done and answers from any thread.
class Survey {
  public:
    // Asks all `targets`; each has `timeout` to answer. `members` asks for the leader's view, too.
    // An answer that fails `check` (P1, P2) is an error.
    // `on_done` is called once, when the last answer is there, by the thread that brings it
    // (perhaps within this call); never if there are no targets. It must not block or throw.
    static std::shared_ptr<Survey> start(Transport& transport, std::vector<Endpoint> targets,
                                         bool members, SurveyCheck check, Milliseconds timeout,
                                         std::function<void()> on_done);

    // True once every answer is there; at once if there are no targets.
    [[nodiscard]] bool done() const;

    [[nodiscard]] const std::vector<Endpoint>& targets() const { return targets_; }

    // What is there by now, in the order of the targets: one that is missing has the error "no
    // answer in time".
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
