// The receiving half: accepts connections, delivers their requests, and sends the answers back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <electiond/log.h>
#include <electiond/transport.h>

#include "common/connection.h"
#include "common/dialect.h"
#include "common/poll_list.h"
#include "common/socket.h"
#include "common/task_queue.h"

namespace electiond::transport {

// Lives on the I/O thread; only the Responds that it hands out leave it. Whatever the other side
// does, a connection costs at most one message each way and a socket, and not for long: messages
// begun, answers owed and bytes not taken have deadlines, and where connections run out those go
// first that have been of no use.
class Server {
  public:
    Server(const Dialect& dialect, Inbox& inbox, std::shared_ptr<TaskQueue> tasks, Log log,
           Socket listener);
    ~Server();

    void watch(PollList& list);
    [[nodiscard]] Instant deadline() const;
    void turn(const PollList& list, Instant now);

  private:
    struct Session;

    void accept(Instant now);
    bool make_room();
    [[nodiscard]] bool serve(std::uint64_t id, Session& session, const PollList& list, Instant now);
    void read_requests(std::uint64_t id, Session& session, Instant now);
    void deliver(std::uint64_t id, Session& session, ArrivedRequest arrived, Instant now);
    void complain(const Session& session, const std::string& reason, Instant now);
    void answer(std::uint64_t id, std::uint64_t ticket, Answer answer);
    void answer(Session& session, std::uint64_t ticket, Answer answer);

    const Dialect& dialect_;
    Inbox& inbox_;
    const std::shared_ptr<TaskQueue> tasks_;
    const Log log_;

    Socket listener_;
    std::size_t listener_slot_ = PollList::kNoSlot;
    std::optional<Instant> paused_until_;  // no more descriptors: accept again then
    std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;  // oldest first
    std::uint64_t next_session_ = 1;
    std::uint64_t next_ticket_ = 1;
    std::uint64_t refusals_ = 0;
    std::optional<Instant> complained_;
};

}  // namespace electiond::transport
