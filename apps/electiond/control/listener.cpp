// One listening socket and the threads that serve its connections.
#include "control/listener.h"

#include <Poco/Exception.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include <electiond/error.h>

namespace electiond {
namespace {

using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;

constexpr int kBacklog = 128;
constexpr std::chrono::milliseconds kRecovery{100};  // after accept failed, as without descriptors

// SO_REUSEPORT stays off: with it a second daemon on the same port would start, silently, and take
// half of the connections.
ServerSocket bind(const Endpoint& endpoint, bool v6_only) try {
    ServerSocket socket;
    const SocketAddress address(endpoint.host, endpoint.port);
    if (address.family() == SocketAddress::IPv6) {
        socket.bind6(address, /*reuseAddress=*/true, /*reusePort=*/false, v6_only);
    } else {
        socket.bind(address, /*reuseAddress=*/true, /*reusePort=*/false);
    }
    socket.listen(kBacklog);
    return socket;
} catch (const Poco::Exception& error) {
    throw Error("api.listen: cannot listen on " + endpoint.to_string() + ": " +
                    (error.code() != 0 ? std::strerror(error.code()) : error.displayText()) +
                    "; choose another address or stop what uses it",
                Error::os);
}

}  // namespace

Listener::Listener(const Endpoint& endpoint, bool v6_only, int threads)
    : socket_(bind(endpoint, v6_only)), threads_(static_cast<std::size_t>(threads)) {
    const auto address = socket_.address();
    endpoint_ = {address.host().toString(), address.port()};
}

void Listener::start(Serve serve, std::function<void(std::size_t)> crowded) {
    serve_ = std::move(serve);
    crowded_ = std::move(crowded);
    acceptor_ = std::thread([this] { accept_all(); });
}

void Listener::accept_all() {
    for (;;) {
        std::list<StreamSocket> connection;
        try {
            connection.push_back(socket_.acceptConnection());
            connection.back().setNoDelay(true);
        } catch (const Poco::Exception&) {
            connection.clear();
        }
        if (connection.empty()) {
            std::unique_lock lock(mutex_);
            if (wake_.wait_for(lock, kRecovery, [this] { return closing_; })) return;
        } else {
            take_in(std::move(connection));
        }
    }
}

bool Listener::has_queue() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() > idle_;
}

void Listener::take_in(std::list<StreamSocket> connection) {
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(mutex_);
        if (closing_ || queue_.size() >= kQueuedMax) return;
        queue_.splice(queue_.end(), connection);
        if (queue_.size() > idle_ && workers_.size() < threads_) {
            try {
                workers_.emplace_back([this] { work(); });
            } catch (const std::system_error&) {  // then it waits for a worker there is
                if (workers_.empty()) queue_.clear();
            }
        } else if (queue_.size() > idle_) {
            waiting = queue_.size() - idle_;
        }
    }
    wake_.notify_all();
    if (waiting > 0) crowded_(waiting);
}

void Listener::work() {
    std::list<StreamSocket> connection;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            ++idle_;
            wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
            --idle_;
            if (closing_) return;
            connection.splice(connection.end(), queue_, queue_.begin());
        }
        serve_(connection.front());
        connection.clear();
    }
}

void Listener::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        queue_.clear();
    }
    wake_.notify_all();
    // Wakes the accept that waits, which closing alone would not.
    ::shutdown(socket_.impl()->sockfd(), SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    socket_.close();
}

void Listener::stop() noexcept {
    close();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
}

}  // namespace electiond
