// Asks the control API of one or several nodes.
#include "electionctl/api_client.h"

#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <istream>
#include <memory>

#include "electionctl/endpoint.h"

namespace electiond::ctl {
namespace {

using Poco::Net::HTTPRequest;
using Kind = NoAnswer::Kind;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kBodyMax = 16 * 1024 * 1024;

Poco::Timespan timespan(std::chrono::milliseconds duration) {
    return Poco::Timespan(std::chrono::microseconds(duration).count());
}

std::string in_ms(std::chrono::milliseconds duration) {
    return std::to_string(duration.count()) + " ms";
}

// What came, up to its end; the deadline also ends a server that drips.
std::string read_body(std::istream& in, const Poco::Net::HTTPResponse& response,
                      Clock::time_point deadline) {
    std::string body;
    std::array<char, 8192> piece{};
    while (in.read(piece.data(), piece.size()), in.gcount() > 0) {
        body.append(piece.data(), static_cast<std::size_t>(in.gcount()));
        if (body.size() > kBodyMax) throw NoAnswer("sent more than 16 MiB", Kind::broken);
        if (Clock::now() > deadline) throw Poco::TimeoutException();
    }
    if (response.hasContentLength() &&
        body.size() < static_cast<std::size_t>(response.getContentLength64())) {
        throw NoAnswer("broke off in the middle of its answer", Kind::broken);
    }
    return body;
}

Answer exchange(Poco::Net::HTTPClientSession& session, HTTPRequest& request,
                const Question& question, Clock::time_point deadline, bool& sent) {
    if (question.method != HTTPRequest::HTTP_GET) {
        request.setContentType("application/json");
        request.setContentLength64(static_cast<Poco::Int64>(question.body.size()));
    }
    std::ostream& out = session.sendRequest(request);
    sent = true;
    out << question.body << std::flush;
    Poco::Net::HTTPResponse response;
    std::istream& in = session.receiveResponse(response);
    return {.endpoint = {},
            .asked = {},
            .status = static_cast<int>(response.getStatus()),
            .reason = printable(response.getReason()),
            .body = read_body(in, response, deadline),
            .json = {}};
}

// POCO's session connects by TCP alone, so a Unix socket is connected for it. The limits must be
// set on the socket itself; a connect waits for room in the listener's queue as long as a send may.
std::unique_ptr<Poco::Net::HTTPClientSession> session_over(const std::string& socket_file,
                                                           milliseconds timeout,
                                                           milliseconds patience) try {
    using Poco::Net::SocketAddress;
    Poco::Net::StreamSocket socket(SocketAddress::UNIX_LOCAL);
    socket.setSendTimeout(timespan(timeout));
    socket.setReceiveTimeout(timespan(patience));
    socket.connect(SocketAddress(SocketAddress::UNIX_LOCAL, socket_file));
    return std::make_unique<Poco::Net::HTTPClientSession>(socket);
} catch (const Poco::Exception& error) {
    const bool refused =
        dynamic_cast<const Poco::Net::ConnectionRefusedException*>(&error) != nullptr;
    if (error.code() == EAGAIN) throw Poco::TimeoutException();
    if (const auto why = connect_failure(refused ? ECONNREFUSED : error.code(), true)) {
        throw NoAnswer(*why, Kind::not_connected);
    }
    throw;
}

}  // namespace

std::string Answer::why() const {
    for (const char* key : {"detail", "error", "title"}) {
        if (const std::string text = record().text(key); !text.empty()) return text;
    }
    return "HTTP " + std::to_string(status) + " " + reason;
}

void read_json(Answer& answer, const std::string& expects) {
    const std::string came = "HTTP " + std::to_string(answer.status);
    try {
        answer.json = Poco::JSON::Parser().parse(answer.body);
    } catch (const Poco::Exception&) {
        throw NoAnswer("answered " + came + ", but no JSON: not an electiond, or a proxy before it",
                       Kind::broken);
    }
    const bool refusal = answer.status >= 400 && answer.status != 503;
    if (!refusal && !expects.empty() && !answer.record().has(expects)) {
        throw NoAnswer("answered " + came + " without '" + expects + "': not an electiond",
                       Kind::broken);
    }
}

ApiClient::ApiClient(std::vector<std::string> endpoints, std::string token,
                     std::chrono::milliseconds timeout)
    : endpoints_(std::move(endpoints)), token_(std::move(token)), timeout_(timeout) {}

Answer ApiClient::ask(const std::string& endpoint, const Question& question) const {
    const auto patience = timeout_ + question.wait;
    const auto asked = BootClock::now();
    bool sent = false;
    try {
        const Place place = place_of(endpoint);
        const bool by_socket = !place.socket_file.empty();
        const auto session =
            by_socket ? session_over(place.socket_file, timeout_, patience)
                      : std::make_unique<Poco::Net::HTTPClientSession>(place.host, place.port);
        session->setTimeout(timespan(timeout_), timespan(timeout_), timespan(patience));
        HTTPRequest request(question.method, place.path + question.path, HTTPRequest::HTTP_1_1);
        if (by_socket) request.setHost(place.host_field);
        request.set("Accept", "application/json");
        if (!token_.empty()) request.set("Authorization", "Bearer " + token_);
        Answer answer = exchange(*session, request, question, Clock::now() + patience, sent);
        answer.endpoint = endpoint;
        answer.asked = asked;
        read_json(answer, question.expects);
        return answer;
    } catch (const Poco::TimeoutException&) {
        if (!sent) throw NoAnswer("no connection within " + in_ms(timeout_), Kind::not_connected);
        throw NoAnswer("no answer within " + in_ms(patience), Kind::timed_out);
    } catch (const Poco::Net::ConnectionRefusedException&) {
        throw NoAnswer(*connect_failure(ECONNREFUSED, false), Kind::not_connected);
    } catch (const Poco::Net::DNSException&) {
        throw NoAnswer("unknown host name", Kind::not_connected);
    } catch (const Poco::Net::NoMessageException&) {
        throw NoAnswer("closed the connection without an answer", Kind::broken);
    } catch (const Poco::Net::MessageException&) {
        throw NoAnswer("does not speak HTTP", Kind::broken);
    } catch (const Poco::SyntaxException&) {  // of a status line
        throw NoAnswer("does not speak HTTP", Kind::broken);
    } catch (const Poco::Exception& error) {
        throw NoAnswer(printable(error.displayText()), sent ? Kind::broken : Kind::not_connected);
    }
}

Answer ApiClient::ask_in_turn(const Question& question,
                              const std::function<bool(const Answer&)>& enough) const {
    const bool changes = question.method != HTTPRequest::HTTP_GET;
    bool all_timed_out = true;
    std::string tried;
    std::optional<Answer> last;
    for (const std::string& endpoint : endpoints_) {
        try {
            last = ask(endpoint, question);
            if (!enough || enough(*last)) return *last;
        } catch (const NoAnswer& failure) {
            tried += "\n  " + question.method + " " + request_at(endpoint, question.path) + ": " +
                     failure.what();
            all_timed_out = all_timed_out && failure.kind == Kind::timed_out;
            if (!changes || failure.kind == Kind::not_connected) continue;
            throw Unreachable("it is not known whether this was done:" + tried, all_timed_out);
        }
    }
    if (last) return *last;
    throw Unreachable((endpoints_.size() == 1 ? "no answer:" : "no endpoint answered:") + tried,
                      all_timed_out);
}

}  // namespace electiond::ctl
