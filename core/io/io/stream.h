// A connection's bytes in both directions, with absolute deadlines.
#pragma once

#include <io/address.h>
#include <io/descriptor.h>
#include <io/loop.h>
#include <io/timer.h>
#include <io/tls.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace electiond::io {

// Every call on the loop's thread. One coroutine at a time reads (receive, hold, drain, finish,
// connected); send() and cut() may be called meanwhile by anything else on that thread.
//
// The caller bounds both directions: nothing is read except in receive(), and a caller with much
// unsent output stops calling send(). Output of which the other side takes no byte for
// `write_limit` breaks the stream.
class Stream : public std::enable_shared_from_this<Stream> {
  public:
    enum class Event {
        bytes,        // received() has more than before
        ended,        // the other side sends no more; it may still read
        broken,       // the connection is gone, in both directions
        late,         // the deadline has passed
        interrupted,  // by interrupt()
    };

    static constexpr std::chrono::seconds kWriteLimit{10};

    // Takes over a connected, non-blocking socket.
    [[nodiscard]] static std::shared_ptr<Stream> take(
        Loop& loop, Descriptor socket, std::chrono::milliseconds write_limit = kWriteLimit);
    // Begins to connect; connected() returns the outcome. Throws std::system_error if it fails at
    // once.
    [[nodiscard]] static std::shared_ptr<Stream> connect(
        Loop& loop, const Address& address, std::uint16_t port,
        std::chrono::milliseconds write_limit = kWriteLimit);
    ~Stream();

    // 0 once it is connected, else the errno: ETIMEDOUT at `deadline`, ECANCELED after interrupt()
    // or cut(). After ETIMEDOUT and ECANCELED it may be awaited again.
    [[nodiscard]] Async<int> connected(Deadline deadline);

    // Makes the TLS handshake; once, after connected() and before anything is sent or received. As
    // a client, `host` is what the server's certificate must name; empty: any name will do.
    // nullopt: done, everything from here on is encrypted. Else the connection is of no more use:
    // cut() it, or finish() it, so that the other side can read why. After plain_text, send()
    // writes plain text.
    [[nodiscard]] Async<std::optional<TlsFailure>> secure(std::shared_ptr<const TlsContext> context,
                                                          TlsSide side, Deadline deadline,
                                                          std::string host = {});
    // Null if the connection is not encrypted.
    [[nodiscard]] const TlsSession* tls() const { return tls_.get(); }
    // Why TLS has broken the stream, once it is broken; nullopt if it was something else. In
    // TLS 1.3 a client learns only from its first receive() that the server refuses its
    // certificate.
    [[nodiscard]] const std::optional<TlsFailure>& tls_failure() const { return tls_failure_; }

    // Waits until something happens, and reads once: at most 64 KiB in one turn of the loop,
    // however much the other side sends. Bytes come before everything else.
    [[nodiscard]] Async<Event> receive(Deadline deadline);
    // Waits without reading: for broken, late, interrupted. What the other side sends stays in the
    // kernel's buffer; if that is full, the sender must wait. If the other side of a TCP connection
    // ends its output (or closes in order, which looks the same), only a send() detects it.
    [[nodiscard]] Async<Event> hold(Deadline deadline);
    // Ends the wait under way, or the next one. Several calls count as one.
    void interrupt();

    // What has come and was not consumed yet.
    [[nodiscard]] std::string_view received() const { return in_; }
    void consume(std::size_t bytes);

    // Writes as much as the other side accepts now, and the rest later. Does nothing on a broken
    // stream.
    void send(std::string_view bytes);
    [[nodiscard]] std::size_t unsent() const { return out_.size(); }
    // Called each time that unsent() falls back to 0.
    void on_drained(Task task) { drained_ = std::move(task); }
    // Waits until everything is written. False if the stream is broken before that. An interrupt
    // does not end it, but the wait after it.
    [[nodiscard]] Async<bool> drain();

    // Ends the connection in order: writes what is unsent, ends the output, and reads and drops
    // input until the other side ends its own, at most for `linger` and 4 MiB. Then cuts.
    // Without this, closing with unread input would reset the connection, and the client could lose
    // the response.
    [[nodiscard]] Async<> finish(std::chrono::milliseconds linger);

    // Closes the socket now. Waits end as broken.
    void cut() noexcept;
    [[nodiscard]] bool broken() const { return broken_; }

    // For output that is sent from now on.
    void set_write_limit(std::chrono::milliseconds limit) { write_limit_ = limit; }

    // Limits how much unsent output the kernel buffers. Its default is some megabytes, so a limit
    // on the output that waits in this process would hardly limit anything.
    void set_send_buffer(std::size_t bytes) noexcept;

    // For getpeername() and the like. Borrowed; -1 after cut().
    [[nodiscard]] int descriptor() const { return socket_.get(); }

  private:
    using For = Readiness::For;

    Stream(Loop& loop, Descriptor socket, std::chrono::milliseconds write_limit);
    [[nodiscard]] Async<Event> await(For what, Deadline deadline);
    [[nodiscard]] Event read();
    [[nodiscard]] Event read_tls(std::span<char> buffer);
    [[nodiscard]] std::size_t write(std::string_view bytes);
    void set_timer();
    void check_deadlines();
    void flush();

    Loop& loop_;
    Descriptor socket_;
    Readiness::Socket readiness_;
    Timer timer_;
    std::chrono::milliseconds write_limit_;
    std::unique_ptr<TlsSession> tls_;
    std::optional<TlsFailure> tls_failure_;
    std::string in_;
    std::string out_;
    Task drained_;
    Deadline deadline_ = kNever;        // of the wait under way
    Deadline write_deadline_ = kNever;  // for the next byte of output to be taken
    bool may_have_input_ = true;        // reading without waiting is worth a try
    bool tls_has_more_ = false;         // bytes that have come but were not read
    // TLS may have to write before it can read, and the other way round.
    For reading_waits_for_ = For::reading;
    For writing_waits_for_ = For::writing;
    bool interrupted_ = false;
    bool broken_ = false;
};

}  // namespace electiond::io
