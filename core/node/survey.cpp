// Asks many nodes for their status at once.
#include "node/survey.h"

#include <algorithm>
#include <utility>

#include "node/peer_identity.h"
#include "wire/codec.h"

namespace electiond {
namespace {

constexpr std::size_t kErrorBytesMax = 400;  // a failure of TLS with its remedy has some 300

// Why the response is not from the node that it names; empty if it is.
std::string wrong(const PeerReply& reply, const Response& answer, const SurveyCheck& check) {
    if (!check.certificates_name_nodes) return {};
    const auto holder = std::ranges::find(check.known, reply.from.uuid, &Voter::uuid);
    const auto fault = wrong_identity(
        reply.from, answer.verified_names, check.cluster,
        holder == check.known.end() ? std::nullopt : std::optional<NodeId>(holder->id));
    return fault ? "what answers there " + fault->what : "";
}

SurveyAnswer read(const std::optional<Response>& answer, const SurveyCheck& check) {
    if (!answer || answer->kind == Response::Kind::timed_out) return {.error = "no answer in time"};
    if (answer->kind != Response::Kind::ok) {
        return {.error =
                    answer->body.empty() ? "unreachable" : answer->body.substr(0, kErrorBytesMax)};
    }
    try {
        auto reply = wire::decode_reply("status", answer->body);
        if (auto fault = wrong(reply, *answer, check); !fault.empty()) {
            return {.error = std::move(fault)};
        }
        return {.reply = std::move(reply)};
    } catch (const wire::DecodeError& error) {
        return {.error = error.what()};
    }
}

}  // namespace

SurveyCheck survey_check(bool certificates_name_nodes, const NodeView& view) {
    SurveyCheck check{.certificates_name_nodes = certificates_name_nodes,
                      .cluster = view.cluster,
                      .known = view.voters};
    check.known.push_back({view.id, view.uuid});
    return check;
}

std::shared_ptr<Survey> Survey::start(Transport& transport, std::vector<Endpoint> targets,
                                      bool members, SurveyCheck check, Milliseconds timeout,
                                      std::function<void()> on_done) {
    const std::shared_ptr<Survey> survey(
        new Survey(std::move(targets), std::move(check), std::move(on_done)));
    const auto body = wire::encode(PeerRequest{.body = StatusQuery{members}});
    for (std::size_t i = 0; i < survey->targets_.size(); ++i) {
        transport.send(survey->targets_[i],
                       Request{.name = "status", .body = body, .lane = Lane::query, .source = {}},
                       timeout,
                       [survey, i](Response answer) { survey->take(i, std::move(answer)); });
    }
    return survey;
}

Survey::Survey(std::vector<Endpoint> targets, SurveyCheck check, std::function<void()> on_done)
    : targets_(std::move(targets)),
      check_(std::move(check)),
      on_done_(std::move(on_done)),
      answers_(targets_.size()),
      missing_(targets_.size()) {}

void Survey::take(std::size_t place, Response answer) {
    {
        const std::lock_guard lock(mutex_);
        answers_[place] = std::move(answer);
        if (--missing_ > 0) return;
    }
    on_done_();
}

bool Survey::done() const {
    const std::lock_guard lock(mutex_);
    return missing_ == 0;
}

std::vector<SurveyAnswer> Survey::answers() const {
    std::vector<std::optional<Response>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = answers_;
    }
    std::vector<SurveyAnswer> answers;
    for (const auto& answer : taken) answers.push_back(read(answer, check_));
    return answers;
}

}  // namespace electiond
