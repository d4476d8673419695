// The receiving half: accepts connections, delivers their requests, and sends the responses back.
#pragma once

#include <io/listener.h>
#include <io/tls.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <electiond/limits.h>
#include <electiond/log.h>
#include <electiond/transport.h>

#include "common/dialect.h"
#include "common/tls_log.h"

namespace electiond::transport {

// Runs on the loop's thread; only its Responds may be called on others. Each connection costs at
// most one message in each direction and a descriptor, and only for a limited time: there are
// deadlines for messages begun, responses not given and bytes not read by the other side. At the
// limit of connections, those that have never sent a valid message are closed first, then those
// idle longest. Connections without a valid message also have their requests read one at a time,
// and get only half of the places for waiting requests.
class Server {
  public:
    // Null for `tls`: plain text.
    Server(const Dialect& dialect, Inbox& inbox, io::Loop& loop, Log log, io::Descriptor listener,
           const Limits& limits, std::shared_ptr<const io::TlsContext> tls);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void start() { listener_.start(); }
    // Accepts and delivers nothing more, and ends every connection.
    void close() noexcept;
    void set_limits(const Limits& limits);
    // From now on new connections use `fresh`; those whose certificate it refuses are cut.
    void use(std::shared_ptr<const io::TlsContext> fresh);

  private:
    struct Session;

    [[nodiscard]] io::Async<> serve(std::shared_ptr<io::Connection> connection);
    [[nodiscard]] io::Async<bool> secure(io::Connection& connection);
    void tls_failed(const io::Connection& connection, const io::TlsFailure& failure);
    [[nodiscard]] bool take_in(Session& session, io::Stream::Event event);
    [[nodiscard]] bool read_requests(const std::shared_ptr<Session>& session);
    void deliver(const std::shared_ptr<Session>& session, ArrivedRequest arrived);
    void respond_to_late_ones(Session& session, io::Deadline now);
    void respond(Session& session, std::uint64_t ticket, Response response);
    void refuse(Session& session, const Refused& refused);
    void complain(const Session& session, const std::string& reason);

    const Dialect& dialect_;
    Inbox& inbox_;
    io::Loop& loop_;
    const io::Poster poster_;
    const Log log_;
    Limits limits_;
    std::shared_ptr<const io::TlsContext> tls_;
    TlsLog tls_log_;
    io::Listener listener_;

    std::size_t waiting_ = 0;  // delivered and not answered, on all connections
    std::uint64_t next_ticket_ = 1;
    std::uint64_t refusals_ = 0;
    std::optional<io::Deadline> complained_;
};

}  // namespace electiond::transport
