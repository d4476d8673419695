// How the sending half connects: addresses in turn, TLS, and failures.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

#include "common/client.h"

namespace electiond::transport {

using namespace std::chrono_literals;
using io::Address;
using io::Addresses;
using io::Clock;
using io::kNever;

namespace {

constexpr auto kLingerFor = 1s;  // after a failed handshake, for the other side to read why
constexpr auto kHoldFor = 1s;    // after a failure of TLS, without another handshake

std::string not_connected(const Endpoint& to, const std::error_code& error) {
    return "cannot connect to " + to.to_string() + ": " + error.message();
}

}  // namespace

// Tries the addresses in turn. If one neither accepts nor refuses, the next is tried in parallel,
// early enough that each gets its share of the time of the requests. When all have failed, the
// waiting requests are answered with the failure.
void Client::connect(Link& link) {
    if (link.tried.empty() && Clock::now() < link.held) return report_waiting(link, link.failure);
    const auto addresses = resolver_.find(link.to.host);
    Addresses left;
    std::ranges::remove_copy_if(addresses, std::back_inserter(left), [&](const Address& address) {
        return std::ranges::find(link.tried, address) != link.tried.end();
    });
    for (auto n = left.size(); n > 0 && !link.waiting.empty(); --n) {
        const auto& address = left[left.size() - n];
        link.tried.push_back(address);
        try {
            auto stream = io::Stream::connect(loop_, address, link.to.port);
            const auto now = Clock::now();
            const auto until = exchanges_.at(link.waiting.back()).deadline;
            const auto wire = link.wires.insert(link.wires.end(),
                                                {.stream = std::move(stream),
                                                 .address = address,
                                                 .until = until,
                                                 .slow = now + (until - now) / static_cast<int>(n),
                                                 .used = now});
            loop_.spawn(run(link, wire));
            return;
        } catch (const std::system_error& error) {
            link.failure = not_connected(link.to, error.code());
            suspect(link, address);
        }
    }
    if (addresses.empty() || std::ranges::any_of(link.wires, [](const Wire& wire) {
            return wire.connecting && !wire.dead;
        })) {
        return;
    }
    link.tried.clear();
    report_waiting(link, link.failure);
}

// A connection to this address failed, or brought no response: tries other addresses first, and
// looks the name up again.
void Client::suspect(const Link& link, const Address& address) {
    resolver_.failed(link.to.host, address);
    resolver_.doubt(link.to.host);
}

void Client::unresolved(const std::string& host, const std::string& reason) {
    for (auto& [key, link] : links_) {
        if (link.to.host != host) continue;
        report_waiting(link, "cannot find the address of " + host + ": " + reason);
    }
}

// If the old addresses were doubted, connections to addresses that the name no longer has get no
// new requests; otherwise working connections stay.
void Client::resolved(const std::string& host, const Addresses& addresses, bool doubted) {
    for (auto& [key, link] : links_) {
        if (link.to.host != host) continue;
        for (auto& wire : link.wires) {
            const bool gone = std::ranges::find(addresses, wire.address) == addresses.end();
            if (wire.astray) resolver_.failed(host, wire.address);
            if (wire.connecting && gone) kill(wire);
            if (wire.astray || (gone && doubted)) retire(wire);
        }
        hand_over(link);
    }
}

// True once it is connected and, with TLS, secured; false if the attempt has ended in another way.
io::Async<bool> Client::connected(Link& link, Wire& wire) {
    for (;;) {
        const int error = co_await wire.stream->connected(std::min(wire.slow, wire.until));
        if (wire.dead) co_return false;
        if (error == 0) break;
        const auto now = Clock::now();
        if (error == ETIMEDOUT && now >= wire.slow && now < wire.until) {
            wire.slow = kNever;  // the next address is tried now
            hand_over(link);
            continue;
        }
        attempt_failed(link, wire, not_connected(link.to, {error, std::generic_category()}));
        kill(wire);
        co_return false;
    }
    if (tls_) {
        const bool secure = co_await secured(link, wire);
        if (!secure) co_return false;
    }
    established(link, wire);
    co_return true;
}

// The TLS handshake, as a part of connecting. Does not compare names: Node compares those of the
// certificate.
io::Async<bool> Client::secured(Link& link, Wire& wire) {
    io::Timer slow(loop_, [this, &link, &wire] {
        wire.slow = kNever;
        hand_over(link);
    });
    if (wire.slow < wire.until) slow.set(wire.slow);
    const auto context = tls_;
    const std::string any_host;
    wire.securing = true;
    auto failure = co_await wire.stream->secure(context, io::TlsSide::client, wire.until, any_host);
    slow.cancel();
    wire.securing = false;
    if (wire.dead) co_return false;
    if (!failure && context != tls_) failure = tls_->refuses(*wire.stream->tls());
    if (!failure) co_return true;
    attempt_failed(link, wire, tls_failed(link, *failure));
    wire.dead = true;
    if (!needs_operator(*failure)) co_return false;
    hold(link);
    hand_over(link);  // the next address is tried while this server reads why
    co_await wire.stream->finish(kLingerFor);
    co_return false;
}

void Client::established(Link& link, Wire& wire) {
    for (auto& other : link.wires) {
        if (other.connecting && &other != &wire) kill(other);
    }
    wire.connecting = false;
    wire.heard = Clock::now();
    link.tried.clear();
    link.held = {};
    resolver_.worked(link.to.host, wire.address);
}

void Client::attempt_failed(Link& link, const Wire& wire, const std::string& failure) {
    if (Clock::now() >= wire.until) {
        // Waiting requests get a new attempt: the kernel repeats this one at growing intervals.
        std::erase(link.tried, wire.address);
    } else {
        link.failure = failure;
    }
    suspect(link, wire.address);
}

// Logs the failure; returns it with the address.
std::string Client::tls_failed(const Link& link, const io::TlsFailure& failure) {
    const auto to = link.to.to_string();
    if (failure.fault != io::TlsFault::timed_out) {  // the response reports a timeout
        tls_log_.failed("the connection to " + to + " failed", to, failure);
    }
    return to + ": " + failure.text;
}

void Client::hold(Link& link) { link.held = Clock::now() + kHoldFor; }

}  // namespace electiond::transport
