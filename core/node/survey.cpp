// Asks many nodes for their status at once.
#include "node/survey.h"

#include <condition_variable>
#include <memory>
#include <mutex>

#include "wire/codec.h"

namespace electiond {
namespace {

// Shared with replies that come after the asker has gone.
struct Waiting {
    std::mutex mutex;
    std::condition_variable done;
    std::vector<std::optional<Answer>> answers;
    std::size_t missing = 0;
};

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

std::vector<SurveyAnswer> survey(Transport& transport, const std::vector<Endpoint>& targets,
                                 bool members, Milliseconds timeout) {
    const auto waiting = std::make_shared<Waiting>();
    waiting->answers.resize(targets.size());
    waiting->missing = targets.size();
    const auto body = wire::encode(PeerRequest{.body = StatusQuery{members}});
    for (std::size_t i = 0; i < targets.size(); ++i) {
        transport.send(targets[i],
                       Request{.name = "status", .body = body, .lane = Lane::query, .source = {}},
                       timeout, [waiting, i](Answer answer) {
                           const std::lock_guard lock(waiting->mutex);
                           waiting->answers[i] = std::move(answer);
                           if (--waiting->missing == 0) waiting->done.notify_all();
                       });
    }
    std::unique_lock lock(waiting->mutex);
    waiting->done.wait_for(lock, timeout, [&] { return waiting->missing == 0; });
    std::vector<SurveyAnswer> answers;
    for (const auto& answer : waiting->answers) answers.push_back(read(answer));
    return answers;
}

}  // namespace electiond
