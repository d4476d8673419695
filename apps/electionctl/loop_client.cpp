// Sends requests to any number of API endpoints at the same time, on an event loop.
#include "electionctl/loop_client.h"

#include <io/http1.h>

#include <utility>

#include "electionctl/api_request.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;
using Event = io::Stream::Event;

constexpr io::HttpLimits kLimits{.body_bytes = std::size_t{16} * 1024 * 1024};

// The answer, if it is complete. Without a length it ends with the connection. Throws NoAnswer.
std::optional<Answer> complete_answer(std::string_view bytes, bool ended) {
    const auto head = io::read_response_head(bytes, kLimits);
    if (const auto* refused = std::get_if<io::HttpRefused>(&head)) {
        if (refused->status == 413) throw NoAnswer("sent more than 16 MiB", Kind::broken);
        throw NoAnswer("does not speak HTTP as electiond does: " + refused->reason, Kind::broken);
    }
    const auto* read = std::get_if<io::HttpResponseHead>(&head);
    if (read == nullptr) return std::nullopt;
    const auto body = bytes.substr(read->head_bytes);
    if (body.size() > kLimits.body_bytes) throw NoAnswer("sent more than 16 MiB", Kind::broken);
    if (read->body_bytes ? body.size() < *read->body_bytes : !ended) return std::nullopt;
    return Answer{.endpoint = {},
                  .asked = {},
                  .status = read->status,
                  .body = std::string(body.substr(0, read->body_bytes.value_or(body.size()))),
                  .json = {}};
}

}  // namespace

LoopClient::LoopClient(io::Loop& loop, std::string token, std::chrono::milliseconds timeout)
    : loop_(loop), token_(std::move(token)), timeout_(timeout), dialer_(loop) {}

void LoopClient::ask(const std::string& endpoint, Question question, Done done) {
    const auto patience = timeout_ + question.wait;
    const auto call = std::make_shared<Call>(Call{.endpoint = endpoint,
                                                  .question = std::move(question),
                                                  .done = std::move(done),
                                                  .patience = patience});
    dialer_.dial(endpoint, timeout_,
                 [this, call](const std::shared_ptr<io::Stream>& stream, const std::string& why) {
                     if (stream) return loop_.spawn(exchange(stream, call));
                     call->done(NoAnswer(why, Kind::not_connected));
                 });
}

void LoopClient::close() noexcept {
    closed_ = true;
    dialer_.close();
    for (const auto& stream : streams_) stream->cut();
}

namespace {

// nullopt: the answer is not complete yet.
std::optional<LoopClient::Outcome> read_answer(const std::string& expects, std::string_view bytes,
                                               Event event,
                                               std::chrono::milliseconds patience) try {
    if (auto answer = complete_answer(bytes, event == Event::ended)) {
        read_json(*answer, expects);
        return *std::move(answer);
    }
    if (event == Event::bytes || event == Event::interrupted) return std::nullopt;
    if (event == Event::late) {
        throw NoAnswer("no answer within " + std::to_string(patience.count()) + " ms",
                       Kind::timed_out);
    }
    throw NoAnswer(bytes.empty() ? "closed the connection without an answer"
                                 : "broke off in the middle of its answer",
                   Kind::broken);
} catch (const NoAnswer& failure) {
    return failure;
}

}  // namespace

io::Async<> LoopClient::exchange(std::shared_ptr<io::Stream> stream, std::shared_ptr<Call> call) {
    if (closed_) co_return;
    streams_.insert(stream);
    call->asked = BootClock::now();
    const io::Deadline deadline = io::Clock::now() + call->patience;
    stream->send(api_request(call->endpoint, call->question, "application/json", token_));
    std::optional<Outcome> outcome;
    while (!outcome && !closed_) {
        const Event event = co_await stream->receive(deadline);
        outcome = read_answer(call->question.expects, stream->received(), event, call->patience);
    }
    streams_.erase(stream);
    stream->cut();
    if (closed_) co_return;
    if (auto* answer = std::get_if<Answer>(&*outcome)) {
        answer->endpoint = call->endpoint;
        answer->asked = call->asked;
    }
    call->done(*outcome);
}

}  // namespace electiond::ctl
