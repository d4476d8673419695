// The accepted connections of one listener: how many there may be, and which is closed for a new
// one.
#pragma once

#include <io/stream.h>

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <electiond/limits.h>

namespace electiond::io {

// What a connection is doing. To make room, connections are closed in this order; of those with the
// same use, the one that has had it for longest. Streaming and busy ones are never closed: a
// request in progress is not cut, and streams have a limit of their own.
enum class Use {
    securing,  // its TLS handshake is not done
    stranger,  // has sent no valid message yet
    idle,      // waits for its next request
    reading,   // a part of a request has come
    streaming,
    busy,  // a request is in progress
};
inline constexpr std::size_t kUses = 6;

// Counts since the start. Written on the loop's thread, read by any.
struct ConnectionCounts {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> unsecured{0};        // TLS handshakes that failed, of any kind
    std::atomic<std::uint64_t> evicted{0};          // closed to make room
    std::atomic<std::uint64_t> refused_full{0};     // none could be closed for it
    std::atomic<std::uint64_t> refused_address{0};  // its address has its maximum
    std::atomic<std::uint64_t> no_descriptor{0};    // none was free for it, except those kept back
};

inline constexpr std::chrono::seconds kHandshakeTime{5};
inline constexpr std::size_t kHandshakesMax = 128;           // half-open at a time, of one listener
inline constexpr std::ptrdiff_t kHandshakesPerAddress = 32;  // of these, as of all connections

// The address whose limit counts for a connection from `address`. IPv4: itself. IPv6: its /64,
// which one host usually has, but a link-local address itself, as all hosts of a link share that
// /64. nullopt for loopback, where all clients of a host have one address.
[[nodiscard]] std::optional<Address> limited_as(const Address& address);

class Connections;

// One accepted connection, owned by the coroutine that serves it. It counts against the limits
// until it is evicted or destroyed.
class Connection {
  public:
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] Stream& stream() const { return *stream_; }
    // "ip:port" of the other side; "unix" for a Unix socket.
    [[nodiscard]] const std::string& source() const { return source_; }
    // The user of the process that connected by a Unix socket; nullopt for TCP.
    [[nodiscard]] std::optional<uid_t> user() const { return user_; }

    // Makes the TLS handshake as the server, within kHandshakeTime. Like Stream::secure();
    // meanwhile its use is `securing`, afterwards `stranger`. Beyond kHandshakesMax at a time the
    // oldest handshake of the listener is cut, so half-open ones take no place from other clients.
    [[nodiscard]] Async<std::optional<TlsFailure>> secure(
        std::shared_ptr<const TlsContext> context);

    // Sets what it does from now on. It becomes the newest in that use, even if it was in it
    // before. Cheap.
    void set_use(Use use);
    [[nodiscard]] Use use() const { return use_; }

  private:
    friend class Connections;
    Connection(Connections& all, std::shared_ptr<Stream> stream, const std::optional<Origin>& from,
               const std::optional<Address>& counted_as);
    void leave() noexcept;

    Connections* all_;  // null once it no longer counts
    std::shared_ptr<Stream> stream_;
    std::string source_ = "unix";
    std::optional<uid_t> user_;
    std::optional<Address> counted_as_;  // nullopt: not limited by address
    Use use_ = Use::stranger;
    std::list<Connection*>::iterator place_;         // among those of its use
    std::list<Connection*>::iterator at_address_{};  // among those of its address
};

// On the loop's thread. Must outlive its connections.
class Connections {
  public:
    explicit Connections(const Limits& limits) : limits_(limits) {}
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // Admits the new socket, if need be in place of another. Null if there is no place, or if its
    // connection was reset already: then `socket` is untouched. Throws std::system_error if the
    // loop can't watch it; then it is closed.
    [[nodiscard]] std::shared_ptr<Connection> admit(Loop& loop, Descriptor& socket);
    // Closes the first connection in the order of Use. False if all are busy or streaming.
    bool make_room();

    // The limits from now on. If more connections are open, closes the first ones in the order of
    // Use; the limit of one address applies only to new connections. Interrupts the waits of idle
    // connections, because their deadlines may be too late now.
    void set_limits(const Limits& limits);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t size(Use use) const {
        return by_use_[static_cast<std::size_t>(use)].size();
    }
    // interrupt_all ends the wait of each coroutine, so that it notices that the server stops;
    // cut_all closes each connection.
    void interrupt_all();
    void cut_all();
    // After a reload: cuts those whose certificate `context` refuses; calls `refused` for each.
    void recheck(const TlsContext& context,
                 const std::function<void(const Connection&, const TlsFailure&)>& refused);

    [[nodiscard]] ConnectionCounts& counts() { return counts_; }
    [[nodiscard]] const ConnectionCounts& counts() const { return counts_; }

  private:
    friend class Connection;
    using Places = std::list<Connection*>;
    void evict(Connection& connection);
    void limit_handshakes(const Connection& newest);
    [[nodiscard]] bool make_room_at(const Address& address);

    Limits limits_;
    std::array<Places, kUses> by_use_;  // oldest in that use first
    std::map<Address, Places> by_address_;
    std::size_t size_ = 0;
    ConnectionCounts counts_;
};

}  // namespace electiond::io
