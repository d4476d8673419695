// A transport over TCP connections: one event loop that sends and receives, speaking one dialect.
#pragma once

#include <io/loop.h>
#include <io/tls.h>

#include <memory>
#include <optional>
#include <string>

#include <electiond/plugin.h>
#include <electiond/tls.h>
#include <electiond/transport.h>

#include "common/client.h"
#include "common/dialect.h"
#include "common/server.h"

namespace electiond::transport {

// All work is done on the loop's thread, which start() or start_sending() begins, or, while the
// loop sleeps, on the thread that calls send() or a Respond: io::Poster::run_or_post(). With
// PluginSetup::tls both halves speak only TLS; start(), start_sending() and reload_tls() read the
// files.
class StreamTransport : public Transport {
  public:
    // Has no options of its own. Owns `dialect`.
    StreamTransport(const PluginSetup& setup, std::unique_ptr<Dialect> dialect);
    StreamTransport(const StreamTransport&) = delete;
    StreamTransport& operator=(const StreamTransport&) = delete;
    ~StreamTransport() override;

    Endpoint start(Inbox& inbox) override;
    void start_sending() override;
    [[nodiscard]] bool keeps_limits() const noexcept override { return true; }
    void set_limits(const Limits& limits) override;
    [[nodiscard]] bool can_authenticate() const noexcept override { return true; }
    // Returns when the new files are in use. Do not call it from an OnResponse or the Inbox: it
    // waits for the loop, whose thread calls those.
    void reload_tls() override;
    void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
              OnResponse on_response) noexcept override;
    void refresh(const Endpoint& to) noexcept override;
    void stop() noexcept override;

  private:
    [[nodiscard]] std::shared_ptr<const io::TlsContext> load_tls() const;
    void make_loop(std::shared_ptr<const io::TlsContext> tls);

    const std::unique_ptr<Dialect> dialect_;
    const Log log_;
    const Limits limits_;  // those of the start
    const std::optional<TlsFiles> tls_;
    const std::string where_;  // the option, for messages
    const Endpoint listen_;

    std::optional<io::Loop> loop_;
    std::optional<io::Poster> poster_;
    std::optional<Server> server_;
    std::optional<Client> client_;
};

}  // namespace electiond::transport
