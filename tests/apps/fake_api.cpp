// A small control API with canned answers, for tests of its clients.
#include "fake_api.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <algorithm>

namespace electiond::testing {
namespace {

using Poco::Net::HTTPResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;

class Handler : public Poco::Net::HTTPRequestHandler {
  public:
    explicit Handler(FakeApi& api) : api_(api) {}

    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
        const Poco::URI uri(request.getURI());
        Seen seen{request.getMethod(),
                  uri.getPath(),
                  uri.getQuery(),
                  request.get("Authorization", ""),
                  "",
                  request.getHost(),
                  request.get("Last-Event-ID", "")};
        if (request.hasContentLength())
            Poco::StreamCopier::copyToString(request.stream(), seen.body);
        const bool streamed = api_.serve_stream(seen, [&response] {
            response.setContentType("text/event-stream");
            response.setKeepAlive(false);
            std::ostream& out = response.send();
            return [&out](const std::string& bytes) {
                return static_cast<bool>(out << bytes << std::flush);
            };
        });
        if (streamed) return;
        const Canned canned = api_.answer(seen);
        response.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(canned.status));
        response.setContentLength64(static_cast<Poco::Int64>(canned.body.size()) +
                                    (canned.cut_short ? 100 : 0));
        response.setKeepAlive(false);
        response.send() << canned.body;
    }

  private:
    FakeApi& api_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
  public:
    explicit Factory(FakeApi& api) : api_(api) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest&) override {
        return new Handler(api_);  // Poco deletes it
    }

  private:
    FakeApi& api_;
};

ServerSocket free_socket() {
    ServerSocket socket;
    socket.bind(SocketAddress("127.0.0.1", 0), true, false);
    socket.listen(64);
    return socket;
}

}  // namespace

FakeApi::FakeApi() {
    const ServerSocket socket = free_socket();
    address_ = socket.address().toString();
    url_ = "http://" + address_;
    serve(socket);
}

FakeApi::FakeApi(const std::filesystem::path& unix_socket) : url_("unix:" + unix_socket.string()) {
    ServerSocket socket(SocketAddress(SocketAddress::UNIX_LOCAL, unix_socket.string()));
    serve(socket);
}

void FakeApi::serve(const ServerSocket& socket) {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setMaxThreads(16);
    server_ = std::make_unique<Poco::Net::HTTPServer>(new Factory(*this), threads_, socket, params);
    server_->start();
}

FakeApi::~FakeApi() { die(); }

void FakeApi::on(const std::string& question, Canned answer) {
    on(question, [answer = std::move(answer)](const Seen&) { return answer; });
}

void FakeApi::on(const std::string& question, Give give) {
    const std::lock_guard lock(mutex_);
    answers_[question] = std::move(give);
}

void FakeApi::hang_on(const std::string& question) {
    on(question, [this](const Seen&) {
        std::unique_lock lock(mutex_);
        going_.wait(lock, [this] { return gone_; });
        return Canned{};
    });
}

std::string FakeApi::host_and_port() const { return address_; }

std::vector<Seen> FakeApi::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

void FakeApi::die() {
    {
        const std::lock_guard lock(mutex_);
        if (gone_) return;
        gone_ = true;
    }
    going_.notify_all();
    server_->stopAll(true);
    threads_.joinAll();
    server_.reset();
}

Canned FakeApi::answer(const Seen& request) {
    Give give = [](const Seen&) { return Canned{404, R"({"error":"Not found","status":404})"}; };
    {
        const std::lock_guard lock(mutex_);
        seen_.push_back(request);
        const auto found = answers_.find(request.method + " " + request.path);
        if (found != answers_.end()) give = found->second;
    }
    return give(request);
}

void FakeApi::stream(const std::string& first) {
    stream([first](const Seen&) { return first; });
}

void FakeApi::stream(std::function<std::string(const Seen&)> first) {
    const std::lock_guard lock(mutex_);
    first_ = std::move(first);
}

void FakeApi::tell(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    told_ += bytes;
    going_.notify_all();
}

void FakeApi::break_streams() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    told_.clear();
    going_.notify_all();
}

std::size_t FakeApi::streams_open() const {
    const std::lock_guard lock(mutex_);
    return streams_;
}

std::size_t FakeApi::count(const std::string& path) const {
    const auto all = seen();
    return static_cast<std::size_t>(std::ranges::count(all, path, &Seen::path));
}

bool FakeApi::serve_stream(const Seen& request, const std::function<Send()>& begin) {
    std::unique_lock lock(mutex_);
    if (!first_ || request.method != "GET" || request.path != "/events") return false;
    seen_.push_back(request);
    ++streams_;
    const unsigned generation = generation_;
    std::size_t sent = told_.size();
    std::string bytes = first_(request);
    lock.unlock();
    const Send send = begin();
    for (bool readable = true; readable;) {
        readable = send(bytes);
        lock.lock();
        going_.wait(lock, [&] {
            return gone_ || generation != generation_ || sent < told_.size() || !readable;
        });
        if (gone_ || generation != generation_) break;
        bytes = told_.substr(sent);
        sent = told_.size();
        lock.unlock();
    }
    if (!lock.owns_lock()) lock.lock();
    --streams_;
    return true;
}

std::string event(const std::string& name, std::int64_t id, const std::string& data) {
    return "event: " + name + "\n" + (id == 0 ? "" : "id: " + std::to_string(id) + "\n") +
           "data: " + data + "\n\n";
}

std::string dead_url() {
    // Bound but not listening, so that no other program gets the port while this process runs.
    static const ServerSocket held = [] {
        ServerSocket socket;
        socket.bind(SocketAddress("127.0.0.1", 0), false, false);
        return socket;
    }();
    return "http://" + held.address().toString();
}

}  // namespace electiond::testing
