// Asks the control API of one or several nodes.
#include "electionctl/api_client.h"

#include <exception>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include "electionctl/endpoint.h"
#include "electionctl/loop_client.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;

// One request on a loop of its own.
class Request {
  public:
    // Throws std::system_error.
    Request(const Credentials& credentials, std::chrono::milliseconds timeout)
        : loop_([this](const std::exception&) { end(std::current_exception()); }),
          client_(loop_, credentials, timeout) {}
    ~Request() {
        loop_.stop([this] { client_.close(); });
    }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    // Throws NoAnswer, std::system_error.
    Answer send(const std::string& endpoint, const Question& question) {
        loop_.start();
        client_.ask(endpoint, question, [this](const LoopClient::Outcome& outcome) {
            if (const auto* failure = std::get_if<NoAnswer>(&outcome)) {
                return end(std::make_exception_ptr(*failure));
            }
            if (!std::exchange(ended_already_, true)) answer_.set_value(std::get<Answer>(outcome));
        });
        return answer_.get_future().get();
    }

  private:
    void end(const std::exception_ptr& error) {
        if (!std::exchange(ended_already_, true)) answer_.set_exception(error);
    }

    bool ended_already_ = false;
    std::promise<Answer> answer_;
    io::Loop loop_;
    LoopClient client_;
};

}  // namespace

ApiClient::ApiClient(std::vector<std::string> endpoints, Credentials credentials,
                     std::chrono::milliseconds timeout)
    : endpoints_(std::move(endpoints)), credentials_(std::move(credentials)), timeout_(timeout) {}

Answer ApiClient::ask(const std::string& endpoint, const Question& question) const {
    try {
        return Request(credentials_, timeout_).send(endpoint, question);
    } catch (const std::system_error& error) {  // no descriptors, no threads
        throw NoAnswer(error.what(), Kind::not_connected);
    }
}

Answer ApiClient::ask_in_turn(const Question& question,
                              const std::function<bool(const Answer&)>& enough) const {
    const bool changes = question.method != "GET";
    bool all_timed_out = true, no_trust = true;
    std::string tried;
    std::optional<Answer> last;
    for (const std::string& endpoint : endpoints_) {
        try {
            last = ask(endpoint, question);
            if (!enough || enough(*last)) return *last;
        } catch (const NoAnswer& failure) {
            tried += "\n  " + question.method + " " + request_at(endpoint, question.path) + ": " +
                     failure.what();
            all_timed_out = all_timed_out && failure.late();
            no_trust = no_trust && failure.kind == Kind::no_trust;
            if (!changes || failure.not_done()) continue;
            throw Unreachable("it is not known whether this was done:" + tried, all_timed_out);
        }
    }
    if (last) return *last;
    throw Unreachable((endpoints_.size() == 1 ? "no answer:" : "no endpoint answered:") + tried,
                      all_timed_out, no_trust);
}

}  // namespace electiond::ctl
