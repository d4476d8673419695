// HTTP/1.x on one socket, strictly: where a request ends is never guessed.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <optional>
#include <string>

#include "control/exchange.h"
#include "election/timing.h"

namespace electiond {

// A request without its body.
struct RequestHead {
    ApiRequest request{};
    std::optional<std::size_t> length{};  // of the body; nothing: there is none
    bool expects_continue = false;
    bool keeps_alive = false;
};

// What stands before the body, up to and with the blank line. Throws Problem: 400 where it is no
// HTTP or does not say how long its body is, 411 for Transfer-Encoding, 413 for a body over
// kBodyMax, 505 for another version.
[[nodiscard]] RequestHead parse_head(const std::string& text);

// Reads by one thread, that of the connection. Every read has a deadline by the boot clock, so a
// client that drips its bytes is cut like one that is silent.
class HttpStream {
  public:
    explicit HttpStream(Poco::Net::StreamSocket& socket) : socket_(socket) {}

    // Is there something to read within `longest`? The end of the stream counts.
    [[nodiscard]] bool await(Duration longest);

    // Nothing where the client hung up before it sent anything. Throws Problem: 400 where it ended
    // in the middle, 408 where it was too slow, 431 where it is over kHeadMax.
    [[nodiscard]] std::optional<std::string> read_head(Instant deadline);
    // Throws Problem as read_head.
    [[nodiscard]] std::string read_body(std::size_t length, Instant deadline);

    // Throw Poco::Exception where the client is gone, or does not take it within the send time-out.
    void send_continue();
    void send(const ApiResponse& response, bool without_body, bool keep_alive);

    // Reads on for a moment after the last answer: closing on unread bytes would reset the
    // connection, and could take the answer away from the client.
    void linger();

    static constexpr std::size_t kHeadMax = 32 * 1024;
    static constexpr std::size_t kBodyMax = 16 * 1024;

  private:
    enum class Filled { more, ended, late };
    Filled fill(Instant deadline);
    void send_all(const std::string& bytes);

    Poco::Net::StreamSocket& socket_;
    std::string buffer_;
};

}  // namespace electiond
