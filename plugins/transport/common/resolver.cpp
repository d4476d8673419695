// Turns host names into addresses without making anybody wait.
#include "common/resolver.h"

#include <Poco/Net/SocketAddress.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace electiond::transport {

using namespace std::chrono_literals;

namespace {

constexpr auto kFreshFor = 30s;
constexpr auto kRetryAfter = 1s;  // after a failure
constexpr std::size_t kNamesMax = 256;

struct Found {
    Addresses addresses;
    std::string reason;  // where there are none
};

Found look_up(const std::string& host) {
    // Our callers give up long before the usual 5 s a try, and stop() waits for us.
    if (res_init() == 0) {
        _res.retrans = 1;
        _res.retry = 1;
    }
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
        return {.addresses = {}, .reason = ::gai_strerror(error)};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, ::freeaddrinfo);
    Found found;
    for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        const Poco::Net::SocketAddress address(entry->ai_addr, entry->ai_addrlen);
        if (std::ranges::find(found.addresses, address.host()) == found.addresses.end()) {
            found.addresses.push_back(address.host());
        }
    }
    if (found.addresses.empty()) found.reason = "it has no address";
    return found;
}

}  // namespace

Resolver::Resolver(std::shared_ptr<TaskQueue> tasks, OnFailure on_failure)
    : tasks_(std::move(tasks)), on_failure_(std::move(on_failure)) {}

Addresses Resolver::find(const std::string& host, Instant now) {
    if (Poco::Net::IPAddress literal; Poco::Net::IPAddress::tryParse(host, literal)) {
        return {literal};
    }
    if (!entries_.contains(host) && entries_.size() >= kNamesMax) {
        const auto oldest = std::ranges::min_element(entries_, {}, [](const auto& entry) {
            return entry.second.lookup.joinable() ? Instant::max() : entry.second.used;
        });
        if (oldest->second.lookup.joinable()) return {};  // all are being looked up
        entries_.erase(oldest);
    }
    auto& entry = entries_[host];
    entry.used = now;
    if (!entry.lookup.joinable()) {
        if (entry.fresh_until <= now)
            begin(host, entry, now);
        else if (entry.addresses.empty())
            on_failure_(host, entry.failure);
    }
    return entry.addresses;
}

void Resolver::begin(const std::string& host, Entry& entry, Instant now) {
    try {
        entry.lookup = std::jthread([this, host, tasks = tasks_] {
            auto found = look_up(host);
            (void)tasks->post([this, host, found = std::move(found)] {
                end(host, found.addresses, found.reason);
            });
        });
    } catch (const std::system_error&) {
        entry.failure = "there is no thread to be had for it";
        entry.fresh_until = now + kRetryAfter;
    }
}

void Resolver::end(const std::string& host, const Addresses& addresses, const std::string& reason) {
    auto& entry = entries_[host];
    entry.lookup.join();
    if (!addresses.empty()) {
        entry.addresses = addresses;
        entry.fresh_until = Clock::now() + kFreshFor;
        return;
    }
    entry.fresh_until = Clock::now() + kRetryAfter;
    entry.failure = reason;
    if (entry.addresses.empty()) on_failure_(host, reason);
}

}  // namespace electiond::transport
