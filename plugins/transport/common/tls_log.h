// Logs why TLS connections fail: for each fault and each other side at most one line a minute.
#pragma once

#include <io/loop.h>
#include <io/tls.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include <electiond/log.h>

namespace electiond::transport {

// True if the failure lasts until an operator repairs it. False if the other side was too slow, or
// closed the connection, as a program does that ends.
[[nodiscard]] inline bool needs_operator(const io::TlsFailure& failure) {
    return failure.fault != io::TlsFault::closed && failure.fault != io::TlsFault::timed_out;
}

// On the loop's thread. Its size is bounded: beyond kOthersMax other sides within a minute, the
// rest share one entry.
class TlsLog {
  public:
    static constexpr std::size_t kOthersMax = 32;

    explicit TlsLog(Log log) : log_(std::move(log)) {}

    // "WHAT: its certificate … expired on …: renew it other=… fault=expired". `other` identifies
    // the other side: without the port, if that differs each time. A connection that was closed
    // without an alert is logged at level debug: any program that ends during a handshake causes
    // that.
    void failed(const std::string& what, const std::string& other, const io::TlsFailure& failure);

  private:
    using Key = std::tuple<std::string, io::TlsFault, bool>;  // other side, fault, who refuses whom
    struct Kind {
        io::Deadline due{};  // when the next line may be written
        std::uint64_t skipped = 0;
    };
    [[nodiscard]] Kind& kind(const std::string& other, const io::TlsFailure& failure,
                             io::Deadline now);

    const Log log_;
    std::map<Key, Kind> kinds_;
};

}  // namespace electiond::transport
