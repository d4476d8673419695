// HTTP and TLS to etcd by libcurl: one request at a time, and one streamed response beside it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace electiond::discovery::etcd {

// One thread at a time. Has no thread of its own: the stream is read within the calls. (libcurl
// looks host names up in a thread. No call waits for that thread; it ends with its look-up.)
// Ignores the environment: no proxy, no netrc. Keeps connections open between requests.
class Http {
  public:
    struct Tls {
        std::filesystem::path ca{}, cert{}, key{};
    };
    struct Request {
        std::string url;
        std::string body;   // JSON, posted
        std::string token;  // for the header Authorization; empty: none
        std::chrono::milliseconds timeout;
    };
    enum class Fault {
        none,  // there is a response, with any status
        unresolved,
        unreachable,
        timed_out,
        cut,  // the connection ended before the response
        tls,
        too_long,
        other,
        stopped,
    };
    struct Outcome {
        Fault fault = Fault::none;
        int status = 0;
        std::string body{};    // at most kBodyMax
        std::string detail{};  // of a fault: a clause such as "Connection refused"
    };
    static constexpr std::size_t kBodyMax = std::size_t{4} * 1024 * 1024;

    // Opens nothing yet.
    explicit Http(Tls tls);
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

    // Waits for the response until the timeout or a stop. Throws std::bad_alloc and Error (os).
    [[nodiscard]] Outcome post(const Request& request, const std::stop_token& stop);

    // Begins a request whose response is a stream, and closes the stream before. `on_line` gets
    // each line, within post() and pump(); a line that is longer than kLineMax is replaced by an
    // empty one. The timeout applies only to the connection.
    static constexpr std::size_t kLineMax = std::size_t{64} * 1024;
    void open_stream(const Request& request, std::function<void(const std::string&)> on_line);
    void close_stream() noexcept;
    // False if there is no stream, or if it has ended.
    [[nodiscard]] bool streams() const noexcept;

    // Reads what has arrived, without waiting.
    void pump();

  private:
    class Engine;

    const Tls tls_;
    std::unique_ptr<Engine> engine_;  // made by the first call
};

}  // namespace electiond::discovery::etcd
