// A transport over TCP connections: one I/O thread that sends and receives, speaking one dialect.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <electiond/plugin.h>
#include <electiond/transport.h>

#include "common/client.h"
#include "common/dialect.h"
#include "common/server.h"
#include "common/task_queue.h"

namespace electiond::transport {

// Everything happens on one thread that sleeps in poll(2) until there is something to do: a
// request to send, an answer to give, bytes that came, or a deadline.
class StreamTransport : public Transport {
  public:
    // Options: listen (host:port). `dialect` must be able to outlive every call.
    StreamTransport(const PluginSetup& setup, std::unique_ptr<const Dialect> dialect);
    StreamTransport(const StreamTransport&) = delete;
    StreamTransport& operator=(const StreamTransport&) = delete;
    ~StreamTransport() override;

    Endpoint start(Inbox& inbox) override;
    void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
              OnReply on_reply) noexcept override;
    void refresh(const Endpoint& to) noexcept override;
    void stop() noexcept override;

  private:
    [[nodiscard]] Socket bind() const;
    void run();

    const std::unique_ptr<const Dialect> dialect_;
    const Log log_;
    const std::string where_;  // the option, for messages
    const Endpoint listen_;

    const std::shared_ptr<TaskQueue> tasks_ = std::make_shared<TaskQueue>();
    std::optional<Server> server_;
    std::optional<Client> client_;
    bool stopping_ = false;  // read and written on the I/O thread
    std::jthread thread_;
};

}  // namespace electiond::transport
