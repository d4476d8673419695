// Turns host names into addresses without blocking, and again if the addresses prove wrong.
#include <io/resolver.h>

// clang-format off
#include <boost/asio/ip/tcp.hpp>
// clang-format on

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace electiond::io {

using namespace std::chrono_literals;

namespace {

constexpr auto kFreshFor = 30s;
constexpr auto kAgainAfter = 1s;     // between the starts of two look-ups of one name
constexpr auto kGivenUpAfter = 10s;  // after that a second look-up may start in parallel
constexpr std::size_t kNamesMax = 256;

bool contains(const Addresses& list, const Address& address) {
    return std::ranges::find(list, address) != list.end();
}

}  // namespace

struct Resolver::Found {
    Addresses addresses = {};
    std::string reason = {};  // if there are none
};

// Any thread; may take as long as the name service takes.
Resolver::Found Resolver::look_up(const std::string& host) {
    // Requests end long before the usual 5 s for each try. One thread at a time reads resolv.conf:
    // the C library sees to that itself, but by a lock that ThreadSanitizer does not know.
    static std::mutex one;
    const auto initialised = [] {
        const std::lock_guard lock(one);
        return res_init() == 0;
    };
    if (initialised()) {
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
        boost::asio::ip::tcp::endpoint end;
        std::memcpy(end.data(), entry->ai_addr, entry->ai_addrlen);
        end.resize(entry->ai_addrlen);
        if (!contains(found.addresses, end.address())) found.addresses.push_back(end.address());
    }
    if (found.addresses.empty()) found.reason = "it has no address";
    return found;
}

Resolver::Resolver(Loop& loop, Callbacks callbacks)
    : poster_(loop.poster()),
      callbacks_(std::move(callbacks)),
      timer_(loop, [this] { begin_due(); }) {}

void Resolver::close() noexcept {
    closed_ = true;
    timer_.cancel();
}

Addresses Resolver::find(const std::string& host) {
    if (const auto literal = parse_address(host)) return {*literal};
    const auto now = Clock::now();
    if (!entries_.contains(host) && entries_.size() >= kNamesMax) {
        entries_.erase(std::ranges::min_element(
            entries_, {}, [](const auto& entry) { return entry.second.used; }));
    }
    auto& entry = entries_[host];
    entry.used = now;
    if (due(entry) <= now) begin(host, entry, now);
    if (!running(entry) && entry.addresses.empty()) callbacks_.on_failure(host, entry.failure);
    return entry.addresses;
}

void Resolver::doubt(const std::string& host) {
    auto* known = entry(host);
    if (known == nullptr) return;
    known->doubted = true;
    begin_due();
}

void Resolver::worked(const std::string& host, const Address& address) {
    auto* known = entry(host);
    if (known == nullptr) return;
    auto& list = known->addresses;
    const auto at = std::ranges::find(list, address);
    if (at == list.end()) return;
    known->good = address;
    std::rotate(list.begin(), at, at + 1);
}

void Resolver::failed(const std::string& host, const Address& address) {
    auto* known = entry(host);
    if (known == nullptr) return;
    auto& list = known->addresses;
    if (known->good == address) known->good.reset();
    if (const auto at = std::ranges::find(list, address); at != list.end()) {
        std::rotate(at, at + 1, list.end());
    }
}

bool Resolver::first_look_up_runs(const std::string& host) const {
    const auto at = entries_.find(host);
    return at != entries_.end() && at->second.addresses.empty() && running(at->second);
}

void Resolver::begin_due() {
    const auto now = Clock::now();
    for (auto& [host, entry] : entries_) {
        if (entry.doubted && due(entry) <= now) begin(host, entry, now);
    }
    set_timer();
}

void Resolver::set_timer() {
    if (closed_) return;
    auto next = kNever;
    for (const auto& [host, entry] : entries_) {
        if (entry.doubted) next = std::min(next, due(entry));
    }
    timer_.set(next);
}

// When the next look-up may begin. After a failed one no address is fresh.
Deadline Resolver::due(const Entry& entry) {
    if (!entry.begun) return Deadline::min();
    if (running(entry)) return *entry.begun + kGivenUpAfter;
    const auto again = *entry.begun + kAgainAfter;
    return entry.doubted ? again : std::max(again, entry.fresh_until);
}

Resolver::Entry* Resolver::entry(const std::string& host) {
    const auto at = entries_.find(host);
    return at == entries_.end() ? nullptr : &at->second;
}

// The thread uses only the queue, which outlives this object and then refuses the task.
void Resolver::begin(const std::string& host, Entry& entry, Deadline now) {
    if (closed_) return;
    entry.begun = now;
    entry.begun_in_doubt = std::exchange(entry.doubted, false);
    try {
        if (threads_ >= kNamesMax) {
            throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                                    "too many look-ups hang");
        }
        const auto number = numbers_ + 1;
        std::thread([this, host, number, poster = poster_] {
            auto found = look_up(host);
            (void)poster.post(
                [this, host, number, found = std::move(found)] { end(host, number, found); });
        }).detach();
        ++threads_;
        entry.newest = numbers_ = number;
    } catch (const std::system_error& error) {
        entry.failure = error.what();
    }
}

void Resolver::end(const std::string& host, std::uint64_t number, const Found& found) {
    --threads_;
    auto* known = entry(host);
    if (known == nullptr || number <= known->ended) return;  // name dropped, or a newer one ended
    known->ended = number;
    set_timer();  // a doubt that came meanwhile need not wait for kGivenUpAfter any more
    if (found.addresses.empty()) {
        known->failure = found.reason;
        known->fresh_until = {};
        if (known->addresses.empty()) callbacks_.on_failure(host, found.reason);
        return;
    }
    known->fresh_until = Clock::now() + kFreshFor;
    take_in(*known, found.addresses);
    callbacks_.on_addresses(host, found.addresses, known->begun_in_doubt);
}

// First the address that works, then new ones, last the known ones that never worked.
void Resolver::take_in(Entry& entry, const Addresses& addresses) {
    Addresses ranked;
    if (entry.good && !contains(addresses, *entry.good)) entry.good.reset();
    if (entry.good) ranked.push_back(*entry.good);
    for (const auto& address : addresses) {
        if (!contains(entry.addresses, address)) ranked.push_back(address);
    }
    for (const auto& address : entry.addresses) {
        if (contains(addresses, address) && !contains(ranked, address)) ranked.push_back(address);
    }
    entry.addresses = std::move(ranked);
}

}  // namespace electiond::io
