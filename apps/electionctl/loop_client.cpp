// Sends requests to many API endpoints at the same time, on an event loop.
#include "electionctl/loop_client.h"

#include <io/http1.h>

#include <optional>
#include <utility>

#include "electionctl/get_request.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;
using Event = io::Stream::Event;

constexpr io::HttpLimits kLimits{.body_bytes = std::size_t{16} * 1024 * 1024};

// The answer, if it is complete. Without a length it ends with the connection. Throws NoAnswer.
std::optional<Answer> complete_answer(std::string_view bytes, bool ended) {
    const auto head = io::read_response_head(bytes, kLimits);
    if (std::holds_alternative<io::HttpRefused>(head)) {
        throw NoAnswer("does not speak HTTP", Kind::broken);
    }
    const auto* read = std::get_if<io::HttpResponseHead>(&head);
    if (read == nullptr) return std::nullopt;
    const auto body = bytes.substr(read->head_bytes);
    if (body.size() > kLimits.body_bytes) throw NoAnswer("sent more than 16 MiB", Kind::broken);
    if (read->body_bytes ? body.size() < *read->body_bytes : !ended) return std::nullopt;
    return Answer{.endpoint = {},
                  .asked = {},
                  .status = read->status,
                  .reason = std::string(io::reason_phrase(read->status)),
                  .body = std::string(body.substr(0, read->body_bytes.value_or(body.size()))),
                  .json = {}};
}

}  // namespace

LoopClient::LoopClient(io::Loop& loop, std::string token, std::chrono::milliseconds timeout)
    : loop_(loop), token_(std::move(token)), timeout_(timeout), dialer_(loop) {}

void LoopClient::get(const std::string& endpoint, const std::string& path,
                     const std::string& expects, Done done) {
    const auto call =
        std::make_shared<Call>(Call{endpoint, path, expects, BootClock::now(), std::move(done)});
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

io::Async<> LoopClient::exchange(std::shared_ptr<io::Stream> stream, std::shared_ptr<Call> call) {
    if (closed_) co_return;
    streams_.insert(stream);
    const io::Deadline deadline = io::Clock::now() + timeout_;
    stream->send(get_request(call->endpoint, call->path, "application/json", token_));
    std::optional<Outcome> outcome;
    while (!outcome && !closed_) {
        const Event event = co_await stream->receive(deadline);
        outcome = read(*call, stream->received(), event);
    }
    streams_.erase(stream);
    stream->cut();
    if (!closed_) call->done(*outcome);
}

// nullopt: the answer is not complete yet.
std::optional<LoopClient::Outcome> LoopClient::read(const Call& call, std::string_view bytes,
                                                    Event event) const try {
    if (auto answer = complete_answer(bytes, event == Event::ended)) {
        answer->endpoint = call.endpoint;
        answer->asked = call.asked;
        read_json(*answer, call.expects);
        return *std::move(answer);
    }
    if (event == Event::bytes || event == Event::interrupted) return std::nullopt;
    if (event == Event::late) {
        throw NoAnswer("no answer within " + std::to_string(timeout_.count()) + " ms",
                       Kind::timed_out);
    }
    throw NoAnswer(bytes.empty() ? "closed the connection without an answer"
                                 : "broke off in the middle of its answer",
                   Kind::broken);
} catch (const NoAnswer& failure) {
    return failure;
}

}  // namespace electiond::ctl
