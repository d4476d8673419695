// Asks many nodes for their status at once.
#include "node/survey.h"

#include <utility>

#include "wire/codec.h"

namespace electiond {
namespace {

SurveyAnswer read(const std::optional<Answer>& answer) {
    if (!answer || answer->kind == Answer::Kind::timed_out) return {.error = "no answer in time"};
    if (answer->kind != Answer::Kind::ok) {
        return {.error = answer->body.empty() ? "unreachable" : answer->body.substr(0, 200)};
    }
    try {
        return {.reply = wire::decode_reply("status", answer->body)};
    } catch (const wire::DecodeError& error) {
        return {.error = error.what()};
    }
}

}  // namespace

std::shared_ptr<Survey> Survey::start(Transport& transport, std::vector<Endpoint> targets,
                                      bool members, Milliseconds timeout,
                                      std::function<void()> on_done) {
    const std::shared_ptr<Survey> survey(new Survey(std::move(targets), std::move(on_done)));
    const auto body = wire::encode(PeerRequest{.body = StatusQuery{members}});
    for (std::size_t i = 0; i < survey->targets_.size(); ++i) {
        transport.send(survey->targets_[i],
                       Request{.name = "status", .body = body, .lane = Lane::query, .source = {}},
                       timeout, [survey, i](Answer answer) { survey->take(i, std::move(answer)); });
    }
    return survey;
}

Survey::Survey(std::vector<Endpoint> targets, std::function<void()> on_done)
    : targets_(std::move(targets)),
      on_done_(std::move(on_done)),
      answers_(targets_.size()),
      missing_(targets_.size()) {}

void Survey::take(std::size_t place, Answer answer) {
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
    std::vector<std::optional<Answer>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = answers_;
    }
    std::vector<SurveyAnswer> answers;
    for (const auto& answer : taken) answers.push_back(read(answer));
    return answers;
}

}  // namespace electiond
