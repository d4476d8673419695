// Sends requests to any number of API endpoints at the same time, on an event loop.
#include "electionctl/loop_client.h"

#include <io/http1.h>

#include <utility>

#include "electionctl/api_request.h"
#include "electionctl/tls_words.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;
using Event = io::Stream::Event;
using std::chrono::milliseconds;

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

// Throws NoAnswer if no answer can follow after `event`. nullopt: the answer is not complete yet.
std::optional<Answer> read_answer(const std::string& endpoint, const Question& question,
                                  const io::Stream& stream, Event event, milliseconds patience) {
    const auto bytes = stream.received();
    if (const auto wrong_scheme = asks_for_tls(bytes, endpoint)) throw *wrong_scheme;
    if (auto answer = complete_answer(bytes, event == Event::ended)) {
        answer->endpoint = endpoint;
        read_json(*answer, question.expects);
        return answer;
    }
    if (event == Event::bytes || event == Event::interrupted) return std::nullopt;
    if (event == Event::late) {
        throw NoAnswer("no answer within " + std::to_string(patience.count()) + " ms",
                       Kind::timed_out);
    }
    if (stream.tls_failure()) throw no_answer(*stream.tls_failure(), endpoint, true);
    throw NoAnswer(bytes.empty() ? "closed the connection without an answer"
                                 : "closed the connection in the middle of its answer",
                   Kind::broken);
}

}  // namespace

LoopClient::LoopClient(io::Loop& loop, const Credentials& credentials,
                       std::chrono::milliseconds timeout)
    : loop_(loop), token_(credentials.token), timeout_(timeout), dialer_(loop, credentials) {}

void LoopClient::ask(const std::string& endpoint, Question question, Done done) {
    const auto patience = timeout_ + question.wait;
    const auto call = std::make_shared<Call>(Call{.endpoint = endpoint,
                                                  .question = std::move(question),
                                                  .done = std::move(done),
                                                  .patience = patience});
    dialer_.dial(endpoint, timeout_,
                 [this, call](const std::shared_ptr<io::Stream>& stream, const NoAnswer* failure) {
                     if (stream) return loop_.spawn(exchange(stream, call));
                     call->done(*failure);
                 });
}

void LoopClient::close() noexcept {
    closed_ = true;
    dialer_.close();
    for (const auto& stream : streams_) stream->cut();
}

io::Async<> LoopClient::exchange(std::shared_ptr<io::Stream> stream, std::shared_ptr<Call> call) {
    if (closed_) co_return;
    streams_.insert(stream);
    call->asked = BootClock::now();
    const io::Deadline deadline = io::Clock::now() + call->patience;
    stream->send(api_request(call->endpoint, call->question, "application/json", token_));
    std::optional<Outcome> outcome;
    while (!outcome && !closed_) {
        const Event event = co_await stream->receive(deadline);
        outcome = outcome_of(*call, *stream, event);
    }
    streams_.erase(stream);
    stream->cut();
    if (!closed_) call->done(*outcome);
}

// nullopt: the answer is not complete yet.
std::optional<LoopClient::Outcome> LoopClient::outcome_of(const Call& call,
                                                          const io::Stream& stream,
                                                          io::Stream::Event event) try {
    auto answer = read_answer(call.endpoint, call.question, stream, event, call.patience);
    if (!answer) return std::nullopt;
    answer->asked = call.asked;
    return *std::move(answer);
} catch (const NoAnswer& failure) {
    return failure;
}

}  // namespace electiond::ctl
