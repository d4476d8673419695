// Speaks TLS on a free port, and passes what it decrypts on to a server of plain text.
#pragma once

#include <io/listener.h>
#include <io/loop.h>
#include <io/tls.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace electiond::testing {

// Listens on 127.0.0.1 as long as it exists. The server behind it must outlive it. Any thread.
class TlsFront {
  public:
    // `behind`: "127.0.0.1:PORT".
    TlsFront(const std::string& behind, const io::TlsSetup& setup);
    ~TlsFront();
    TlsFront(const TlsFront&) = delete;
    TlsFront& operator=(const TlsFront&) = delete;

    [[nodiscard]] std::string host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string url() const { return "https://" + host_and_port(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

    // The names that the certificate of each client proved, in the order of their handshakes.
    [[nodiscard]] std::vector<std::vector<std::string>> clients() const;
    // Why handshakes have failed.
    [[nodiscard]] std::vector<io::TlsFailure> failures() const;

  private:
    [[nodiscard]] io::Async<> serve(std::shared_ptr<io::Connection> connection);
    [[nodiscard]] io::Async<> give_back(std::shared_ptr<io::Stream> behind,
                                        std::shared_ptr<io::Stream> client);

    const std::shared_ptr<const io::TlsContext> context_;
    const std::uint16_t behind_;
    mutable std::mutex mutex_;
    std::vector<std::vector<std::string>> clients_;  // under mutex_
    std::vector<io::TlsFailure> failures_;           // under mutex_

    io::Loop loop_;
    std::set<std::shared_ptr<io::Stream>> open_;  // to the server behind
    std::unique_ptr<io::Listener> listener_;
    std::uint16_t port_ = 0;
};

}  // namespace electiond::testing
