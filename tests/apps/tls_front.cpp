// Speaks TLS on a free port, and passes what it decrypts on to a server of plain text.
#include "tls_front.h"

#include <gtest/gtest.h>

#include <io/http1.h>
#include <io/listening.h>

#include <chrono>
#include <utility>

#include <electiond/limits.h>

namespace electiond::testing {
namespace {

using Event = io::Stream::Event;

constexpr std::chrono::milliseconds kLinger{1000};

// The control API's answer to plain text.
std::string farewell() {
    const std::string body = R"({"status":400,"detail":"This port speaks TLS: use https://."})";
    return io::write_response_head(400, "application/problem+json", body.size(), false) + body;
}

}  // namespace

TlsFront::TlsFront(const std::string& behind, const io::TlsSetup& setup)
    : context_(io::TlsContext::load(setup)),
      behind_(static_cast<std::uint16_t>(std::stoi(behind.substr(behind.find(':') + 1)))),
      loop_([](const std::exception& error) { ADD_FAILURE() << error.what(); }) {
    auto socket = io::listen_on(Endpoint{"127.0.0.1", 0}, false, "test");
    port_ = io::listens_on(socket).port;
    listener_ = std::make_unique<io::Listener>(
        loop_, std::move(socket), Limits{},
        [this](std::shared_ptr<io::Connection> connection) { return serve(connection); });
    loop_.start();
    (void)loop_.post([this] { listener_->start(); });
}

TlsFront::~TlsFront() {
    loop_.stop([this] {
        listener_->close();
        listener_->connections().cut_all();
        for (const auto& stream : open_) stream->cut();
    });
}

std::vector<std::vector<std::string>> TlsFront::clients() const {
    const std::lock_guard lock(mutex_);
    return clients_;
}

std::vector<io::TlsFailure> TlsFront::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

io::Async<> TlsFront::serve(std::shared_ptr<io::Connection> connection) {
    auto client = connection->stream().shared_from_this();
    const auto failure = co_await connection->secure(context_);
    {
        const std::lock_guard lock(mutex_);
        if (failure) failures_.push_back(*failure);
        if (!failure) clients_.push_back(client->tls()->names());
    }
    if (failure) {
        if (failure->fault == io::TlsFault::plain_text) client->send(farewell());
        co_await client->finish(kLinger);
        co_return;
    }
    const auto behind = io::Stream::connect(loop_, *io::parse_address("127.0.0.1"), behind_);
    open_.insert(behind);
    const io::Deadline deadline = io::Clock::now() + std::chrono::seconds(10);
    const int error = co_await behind->connected(deadline);
    EXPECT_EQ(error, 0);
    loop_.spawn(give_back(behind, client));
    for (;;) {
        const Event event = co_await client->receive(io::kNever);
        if (event != Event::bytes) break;  // interrupted: the server has ended its answer
        behind->send(client->received());
        client->consume(client->received().size());
    }
    co_await client->finish(kLinger);
    behind->cut();
}

// The answer; at its end the client's coroutine closes both.
io::Async<> TlsFront::give_back(std::shared_ptr<io::Stream> behind,
                                std::shared_ptr<io::Stream> client) {
    for (;;) {
        const Event event = co_await behind->receive(io::kNever);
        if (event != Event::bytes) break;
        client->send(behind->received());
        behind->consume(behind->received().size());
    }
    client->interrupt();
    open_.erase(behind);
}

}  // namespace electiond::testing
