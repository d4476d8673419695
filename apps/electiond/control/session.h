// One connection to the control API: request, answer, request, as one coroutine.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <io/connection.h>
#include <io/http1.h>

#include "control/certificates.h"
#include "control/serving.h"

namespace electiond {

// True if a client that connected as `user`, by a Unix socket, may change things without a token:
// root and the user of this daemon (`own`). The overflow id 65534 is never trusted, even if the
// daemon runs as that user: the kernel reports it for every user that has no id in our user
// namespace.
[[nodiscard]] bool is_trusted(const std::optional<uid_t>& user, uid_t own);

// Lives in the coroutine serve(). I/O thread only.
class Session {
  public:
    // Serves one connection until it ends. With `certificates` it speaks TLS; they must outlive it.
    [[nodiscard]] static io::Async<> serve(Serving& serving,
                                           std::shared_ptr<io::Connection> connection,
                                           const Certificates* certificates);

  private:
    Session(Serving& serving, io::Connection& connection);

    [[nodiscard]] io::Async<> run();
    // False if the connection is over. Else `request_` is complete, or `response_` refuses it.
    [[nodiscard]] io::Async<bool> read_request();
    [[nodiscard]] io::Async<bool> read_head();
    [[nodiscard]] io::Async<bool> read_body(std::size_t length, bool expects_continue);
    // Sets `response_` or `events_`. False if the client closed the connection before.
    [[nodiscard]] io::Async<bool> answer_request();
    [[nodiscard]] io::Async<bool> wait_for(ParkedAnswer& parked);
    void begin_events(std::unique_ptr<EventStream> events);
    // Until the client closes the connection, is dropped, or the server stops.
    [[nodiscard]] io::Async<> stream_events();
    // Waits for the next request, for as long as a connection may be idle, and for more input;
    // `interrupted` only if the server stops.
    [[nodiscard]] io::Async<io::Stream::Event> first_input();
    [[nodiscard]] io::Async<io::Stream::Event> more_input(io::Deadline deadline);

    void take_head(const io::HttpRequestHead& head);
    [[nodiscard]] bool nothing_but_line_ends() const;
    // Answers a request whose end is unknown: the connection closes after the answer.
    void refuse(const Problem& problem);
    // Refuses a request that was not completed because of `event`. False if the connection is over,
    // so that no answer can be sent.
    [[nodiscard]] bool refuse_unfinished(io::Stream::Event event, const std::string& if_ended);
    // Runs `act`. False if it threw, which is a bug: then `response_` is the 500.
    [[nodiscard]] bool runs(const std::function<void()>& act);

    Serving& serving_;
    io::Connection& connection_;
    io::Stream& stream_;
    const std::function<void()> wake_;
    ApiRequest request_;
    std::optional<std::size_t> body_length_;
    bool expects_continue_ = false;
    bool keep_alive_ = false;
    bool in_doubt_ = false;  // the beginning of the next request is unknown
    ApiResponse response_;
    std::unique_ptr<EventStream> events_;  // instead of `response_`
    std::optional<Serving::EventWait> watching_;
};

}  // namespace electiond
