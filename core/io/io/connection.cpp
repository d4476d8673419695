// The accepted connections of one listener: how many there may be, and which is closed for a new
// one.
#include <io/connection.h>

#include <sys/socket.h>

#include <algorithm>
#include <vector>

namespace electiond::io {
namespace {

bool is_unix(int socket) {
    int family = AF_UNSPEC;
    socklen_t length = sizeof family;
    return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 && family == AF_UNIX;
}

std::optional<uid_t> user_of(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return std::nullopt;
    }
    return credentials.uid;
}

std::size_t index(Use use) { return static_cast<std::size_t>(use); }

}  // namespace

std::optional<Address> limited_as(const Address& address) {
    if (address.is_loopback()) return std::nullopt;
    if (address.is_v4() || address.to_v6().is_link_local()) return address;
    auto bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return boost::asio::ip::make_address_v6(bytes);
}

Connection::Connection(Connections& all, std::shared_ptr<Stream> stream,
                       const std::optional<Origin>& from, const std::optional<Address>& counted_as)
    : all_(&all), stream_(std::move(stream)), counted_as_(counted_as) {
    if (from) {
        source_ = from->endpoint().to_string();
    } else {
        user_ = user_of(stream_->descriptor());
    }
    auto& places = all.by_use_[index(use_)];
    place_ = places.insert(places.end(), this);
    if (counted_as_) {
        auto& neighbours = all.by_address_[*counted_as_];
        at_address_ = neighbours.insert(neighbours.end(), this);
    }
    ++all.size_;
}

Connection::~Connection() {
    leave();
    stream_->cut();
}

// It no longer counts against the limits.
void Connection::leave() noexcept {
    if (all_ == nullptr) return;
    all_->by_use_[index(use_)].erase(place_);
    if (counted_as_) {
        const auto neighbours = all_->by_address_.find(*counted_as_);
        neighbours->second.erase(at_address_);
        if (neighbours->second.empty()) all_->by_address_.erase(neighbours);
    }
    --all_->size_;
    all_ = nullptr;
}

Async<std::optional<TlsFailure>> Connection::secure(std::shared_ptr<const TlsContext> context) {
    set_use(Use::securing);
    if (all_ != nullptr) all_->limit_handshakes(*this);
    const auto deadline = Clock::now() + kHandshakeTime;
    auto failure = co_await stream_->secure(std::move(context), TlsSide::server, deadline);
    if (failure && all_ != nullptr) ++all_->counts_.unsecured;
    set_use(Use::stranger);
    co_return failure;
}

void Connection::set_use(Use use) {
    if (all_ != nullptr) {
        auto& places = all_->by_use_[index(use)];
        places.splice(places.end(), all_->by_use_[index(use_)], place_);
    }
    use_ = use;
}

// Connections of the same address are closed first: an address that has its share must not take a
// place from another address.
std::shared_ptr<Connection> Connections::admit(Loop& loop, Descriptor& socket) {
    const auto other = other_end(socket.get());
    // Reset before it was accepted. It must not pass for a Unix socket, which has no address
    // either.
    if (!other && !is_unix(socket.get())) return nullptr;
    const auto limited = other ? limited_as(other->address) : std::nullopt;
    if (limited && !make_room_at(*limited)) {
        ++counts_.refused_address;
        return nullptr;
    }
    if (size_ >= limits_.connections && !make_room()) {
        ++counts_.refused_full;
        return nullptr;
    }
    const std::shared_ptr<Connection> admitted(
        new Connection(*this, Stream::take(loop, std::move(socket)), other, limited));
    ++counts_.accepted;
    return admitted;
}

void Connections::set_limits(const Limits& limits) {
    limits_ = limits;
    while (size_ > limits_.connections && make_room()) {
    }
    for (const auto use : {Use::stranger, Use::idle}) {
        for (auto* each : by_use_[index(use)]) each->stream().interrupt();
    }
}

bool Connections::make_room() {
    for (const auto use : {Use::securing, Use::stranger, Use::idle, Use::reading}) {
        auto& places = by_use_[index(use)];
        if (places.empty()) continue;
        evict(*places.front());
        return true;
    }
    return false;
}

// One address has at most its share: its new connections replace its own older ones.
bool Connections::make_room_at(const Address& address) {
    const auto neighbours = by_address_.find(address);
    if (neighbours == by_address_.end() ||
        neighbours->second.size() < limits_.connections_per_address) {
        return true;
    }
    // The oldest connection of an address is at the front, not the one longest in its use; with so
    // few to compare that is near enough to be fair.
    const auto first = std::ranges::min_element(neighbours->second, {},
                                                [](const Connection* each) { return each->use(); });
    if ((*first)->use() > Use::reading) return false;
    evict(**first);
    return true;
}

// One address alone cannot take all places for handshakes.
void Connections::limit_handshakes(const Connection& newest) {
    auto& places = by_use_[index(Use::securing)];
    if (places.size() > kHandshakesMax) evict(*places.front());
    if (!newest.counted_as_) return;
    const auto& neighbours = by_address_.at(*newest.counted_as_);
    const auto in_handshake = [](const Connection* each) { return each->use() == Use::securing; };
    if (std::ranges::count_if(neighbours, in_handshake) <= kHandshakesPerAddress) return;
    evict(**std::ranges::find_if(neighbours, in_handshake));
}

void Connections::evict(Connection& connection) {
    ++counts_.evicted;
    connection.leave();
    connection.stream().cut();  // its coroutine notices this and ends
}

void Connections::interrupt_all() {
    for (auto& places : by_use_) {
        for (auto* each : places) each->stream().interrupt();
    }
}

void Connections::recheck(
    const TlsContext& context,
    const std::function<void(const Connection&, const TlsFailure&)>& refused) {
    for (auto& places : by_use_) {
        for (auto* each : places) {
            const auto* const tls = each->stream().tls();
            if (tls == nullptr || each->stream().broken()) continue;
            const auto failure = context.refuses(*tls);
            if (!failure) continue;
            refused(*each, *failure);
            each->stream().cut();
        }
    }
}

void Connections::cut_all() {
    for (auto& places : by_use_) {
        for (auto* each : places) each->stream().cut();
    }
}

}  // namespace electiond::io
