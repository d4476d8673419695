// The connections that are open.
#include "control/connections.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace electiond {
namespace {

// What the other side has ended already may throw; then there is nothing to do.
template <class Act>
void quietly(Act act) {
    try {
        act();
    } catch (const Poco::Exception&) {
    }
}

}  // namespace

Connections::Entry::Entry(Connections& all, Poco::Net::StreamSocket& socket)
    : all_(all), socket_(socket) {
    const std::lock_guard lock(all_.mutex_);
    all_.open_.emplace(&socket_, std::nullopt);
}

Connections::Entry::~Entry() {
    {
        const std::lock_guard lock(all_.mutex_);
        all_.open_.erase(&socket_);
        if (!all_.open_.empty()) return;
    }
    all_.left_.notify_all();
}

void Connections::Entry::awaits_request(Instant since) {
    const std::lock_guard lock(all_.mutex_);
    all_.open_[&socket_] = since;
}

void Connections::Entry::has_request() {
    const std::lock_guard lock(all_.mutex_);
    all_.open_[&socket_].reset();
}

void Connections::make_room(std::size_t most, Instant before) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Instant, Poco::Net::StreamSocket*>> slow;
    for (const auto& [socket, since] : open_) {
        if (since && *since < before) slow.emplace_back(*since, socket);
    }
    std::ranges::sort(slow);
    if (slow.size() > most) slow.resize(most);
    for (const auto& [since, socket] : slow) quietly([&] { socket->shutdown(); });
}

void Connections::drain() {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [socket, since] : open_) quietly([&] { socket->shutdownReceive(); });
}

bool Connections::draining() const {
    const std::lock_guard lock(mutex_);
    return draining_;
}

bool Connections::await_none(Duration longest) {
    std::unique_lock lock(mutex_);
    return left_.wait_for(lock, longest, [&] { return open_.empty(); });
}

void Connections::cut() {
    const std::lock_guard lock(mutex_);
    for (const auto& [socket, since] : open_) quietly([&] { socket->shutdown(); });
}

}  // namespace electiond
