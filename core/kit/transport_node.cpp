// A transport as the cases use it: an inbox that responds, and requests whose outcome is awaited.
#include "kit/transport_node.h"

namespace electiond::kit {

void echo(Request request, const Respond& respond) {
    respond({Response::Kind::ok, std::move(request.body)});
}

void CaseInbox::deliver(Request request, Respond respond) noexcept {
    if (closed_) trial_.note_fault("a request is delivered after stop() has returned");
    ++delivered_;
    handler_(std::move(request), std::move(respond));
}

Handler HeldRequests::handler() {
    return [this](Request request, Respond respond) {
        const std::lock_guard lock(mutex_);
        kept_.emplace_back(std::move(request), std::move(respond));
        changed_.notify_all();
    };
}

std::pair<Request, Respond> HeldRequests::take() {
    std::unique_lock lock(mutex_);
    expect(changed_.wait_for(lock, kWaitLimit, [this] { return !kept_.empty(); }),
           "a request is not delivered");
    auto first = std::move(kept_.front());
    kept_.pop_front();
    return first;
}

std::size_t HeldRequests::size() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

void Outcome::report(Response response) {
    const std::lock_guard lock(mutex_);
    if (response_) {
        trial_.note_fault("OnResponse is called a second time for one request, with " +
                          in_words(response));
        return;
    }
    response_ = std::move(response);
    ended_ = Clock::now();
    changed_.notify_all();
}

bool Outcome::reported() const {
    const std::lock_guard lock(mutex_);
    return response_.has_value();
}

Response Outcome::await(Milliseconds timeout) {
    std::unique_lock lock(mutex_);
    expect(changed_.wait_for(lock, kWaitLimit + timeout, [this] { return response_.has_value(); }),
           "OnResponse is never called for a request");
    return *response_;
}

Clock::duration Outcome::taken() const {
    const std::lock_guard lock(mutex_);
    return ended_ - begun_;
}

std::string in_words(const Response& response) {
    constexpr const char* kNames[] = {"ok",   "malformed", "unknown",
                                      "busy", "timed_out", "unreachable"};
    const auto kind = static_cast<std::size_t>(response.kind);
    const std::string name = kind < std::size(kNames) ? kNames[kind] : "an unknown kind";
    return response.body.empty() ? name : name + " (" + response.body.substr(0, 120) + ")";
}

Request request(const std::string& name, const std::string& body, Lane lane) {
    return {.name = name, .body = body, .lane = lane, .source = {}};
}

TransportNode::TransportNode(Trial& trial, Handler handler, const Setup& setup)
    : trial_(trial), inbox_(trial, std::move(handler)), object_(trial.make_transport(setup)) {
    endpoint_ = trial_.call("start", [&] { return object_->start(inbox_); });
    expect(endpoint_.port != 0, "start returns port 0, which is not the real endpoint");
}

Pending TransportNode::send(const Endpoint& to, Request what, Milliseconds timeout) {
    auto pending = std::make_shared<Outcome>(trial_);
    trial_.report().step("send");
    object_->send(to, std::move(what), timeout,
                  [pending](Response response) { pending->report(std::move(response)); });
    return pending;
}

Response TransportNode::ask(const Endpoint& to, Request what) {
    const auto name = what.name;
    auto response = send(to, std::move(what))->await(kWaitLimit);
    expect(response.kind == Response::Kind::ok,
           "the request " + name + " is reported as " + in_words(response) + " instead of ok");
    return response;
}

bool TransportNode::reaches(const Endpoint& to) {
    return trial_.eventually("send", kWaitLimit, [&] {
        const auto response = send(to, request("hello"), Milliseconds(1000))->await();
        return response.kind == Response::Kind::ok;
    });
}

void TransportNode::stop() {
    trial_.report().step("stop");
    object_->stop();
    inbox_.close();
}

void TransportNode::destroy() {
    if (!object_) return;
    trial_.report().step("the destructor");
    object_.reset();
    inbox_.close();
}

}  // namespace electiond::kit
