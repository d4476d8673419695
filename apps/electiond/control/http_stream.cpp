// HTTP/1.x on one socket.
#include "control/http_stream.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/String.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "node/clock.h"

namespace electiond {
namespace {

using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;

constexpr int kFieldsMax = 100;
constexpr Milliseconds kLinger{1000};
constexpr std::size_t kLingerMax = 4 * 1024 * 1024;

Problem malformed(const std::string& what) {
    return {400, "Malformed request", what, Reason::malformed};
}

Problem too_slow() {
    return {408, "Request timeout", "The request took too long to arrive.", Reason::none};
}

Poco::Timespan timespan(Duration length) {
    return Poco::Timespan(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::microseconds>(length).count()));
}

// Nothing that a log or a terminal could stumble over.
bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_token(std::string_view name) {
    return !name.empty() && is_visible(name) &&
           name.find_first_of("()<>@,;:\\\"/[]?={}") == std::string_view::npos;
}

// The one value of a header; nothing where it is missing. Throws Problem where there are two.
std::optional<std::string> single(const HTTPRequest& request, const std::string& name) {
    auto field = request.find(name);
    if (field == request.end()) return std::nullopt;
    auto value = field->second;
    if (++field != request.end() && Poco::icompare(field->first, name) == 0) {
        throw malformed("The header " + name + " stands twice.");
    }
    return value;
}

std::optional<std::size_t> body_length(const HTTPRequest& request) {
    if (request.has("Transfer-Encoding")) {
        throw Problem{411, "Length required", "Send a Content-Length, not a Transfer-Encoding."};
    }
    const auto text = single(request, "Content-Length");
    if (!text) return std::nullopt;
    if (text->empty() || text->find_first_not_of("0123456789") != std::string::npos) {
        throw malformed("Content-Length is no number.");
    }
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
    if (error != std::errc{} || length > HttpStream::kBodyMax) {
        throw Problem{413, "Body too large",
                      "A body has at most " + std::to_string(HttpStream::kBodyMax) + " bytes."};
    }
    return length;
}

bool wants_keep_alive(const HTTPRequest& request) {
    const auto wish = Poco::toLower(request.get("Connection", ""));
    if (request.getVersion() == HTTPRequest::HTTP_1_1) return wish.find("close") == wish.npos;
    return wish.find("keep-alive") != wish.npos;
}

// Behind the blank line; npos where it has not come yet. A line may end in LF alone.
std::size_t end_of_head(const std::string& text) {
    const auto crlf = text.find("\n\r\n");
    const auto lf = text.find("\n\n");
    return std::min(crlf == std::string::npos ? crlf : crlf + 3,
                    lf == std::string::npos ? lf : lf + 2);
}

}  // namespace

RequestHead parse_head(const std::string& text) {
    HTTPRequest parsed;
    parsed.setFieldLimit(kFieldsMax);
    try {
        std::istringstream in(text);
        parsed.read(in);
    } catch (const Poco::Exception& error) {
        throw malformed("It is no HTTP: " + error.displayText() + ".");
    }
    if (!parsed.getVersion().starts_with("HTTP/1.")) {
        throw Problem{505, "HTTP version not supported", "This API speaks HTTP/1.1."};
    }
    if (!is_token(parsed.getMethod()) || !is_visible(parsed.getURI())) {
        throw malformed("The request line is malformed.");
    }
    for (const auto& field : parsed) {
        if (!is_token(field.first)) throw malformed("The name of a header is malformed.");
    }
    RequestHead head;
    head.request.method = parsed.getMethod();
    head.request.target = parsed.getURI();
    head.request.host = single(parsed, "Host");
    head.request.origin = single(parsed, "Origin");
    head.request.authorization = single(parsed, "Authorization");
    head.length = body_length(parsed);
    head.expects_continue = Poco::icompare(parsed.get("Expect", ""), "100-continue") == 0;
    // Who sends a body and forgets its length would have it read as the next request.
    const bool no_body_by_nature = head.request.method != "POST" && head.request.method != "PUT";
    head.keeps_alive = wants_keep_alive(parsed) && (head.length || no_body_by_nature);
    return head;
}

bool HttpStream::await(Duration longest) {
    return !buffer_.empty() || socket_.poll(timespan(longest), Poco::Net::Socket::SELECT_READ);
}

std::optional<std::string> HttpStream::read_head(Instant deadline) {
    for (;;) {
        // Empty lines before a request are skipped, as RFC 9112 2.2 asks for.
        buffer_.erase(0, std::min(buffer_.find_first_not_of("\r\n"), buffer_.size()));
        const auto end = end_of_head(buffer_);
        if (std::min(end, buffer_.size()) > kHeadMax) {
            throw Problem{431, "Header too large",
                          "A header has at most " + std::to_string(kHeadMax) + " bytes."};
        }
        if (end != std::string::npos) {
            auto head = buffer_.substr(0, end);
            buffer_.erase(0, end);
            return head;
        }
        switch (fill(deadline)) {
            case Filled::more:
                continue;
            case Filled::ended:
                if (buffer_.empty()) return std::nullopt;
                throw malformed("It ended in the middle of its header.");
            case Filled::late:
                if (buffer_.empty()) return std::nullopt;
                throw too_slow();
        }
    }
}

std::string HttpStream::read_body(std::size_t length, Instant deadline) {
    while (buffer_.size() < length) {
        const auto filled = fill(deadline);
        if (filled == Filled::ended) throw malformed("Its body is shorter than Content-Length.");
        if (filled == Filled::late) throw too_slow();
    }
    auto body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return body;
}

HttpStream::Filled HttpStream::fill(Instant deadline) {
    if (!socket_.poll(timespan(deadline - read_boot_clock()), Poco::Net::Socket::SELECT_READ)) {
        return Filled::late;
    }
    std::array<char, 8192> bytes;
    const int count = socket_.receiveBytes(bytes.data(), static_cast<int>(bytes.size()));
    if (count <= 0) return Filled::ended;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return Filled::more;
}

void HttpStream::send_continue() {
    // A client that did not wait for it is not told to go on.
    if (buffer_.empty()) send_all("HTTP/1.1 100 Continue\r\n\r\n");
}

void HttpStream::send(const ApiResponse& response, bool without_body, bool keep_alive) {
    const auto status = static_cast<HTTPResponse::HTTPStatus>(response.status);
    HTTPResponse head(HTTPRequest::HTTP_1_1, status, HTTPResponse::getReasonForStatus(status));
    head.setDate(Poco::Timestamp());
    head.set("Cache-Control", "no-store");
    for (const auto& [name, value] : response.headers) head.set(name, value);
    if (response.status != HTTPResponse::HTTP_NO_CONTENT) {
        head.setContentType(response.type);
        head.setContentLength64(static_cast<Poco::Int64>(response.body.size()));
    }
    head.setKeepAlive(keep_alive);
    std::ostringstream text;
    head.write(text);
    if (!without_body) text << response.body;
    send_all(text.str());
}

void HttpStream::send_all(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        sent += static_cast<std::size_t>(socket_.sendBytes(
            bytes.data() + sent, static_cast<int>(bytes.size() - sent), MSG_NOSIGNAL));
    }
}

void HttpStream::linger() {
    socket_.shutdownSend();
    const auto deadline = read_boot_clock() + kLinger;
    for (std::size_t read = 0; read < kLingerMax && fill(deadline) == Filled::more;) {
        read += buffer_.size();
        buffer_.clear();
    }
}

}  // namespace electiond
