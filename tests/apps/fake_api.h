// A small control API with canned answers, for tests of its clients.
#pragma once

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace electiond::testing {

struct Seen {
    std::string method, path, query, authorization, body, host;
    std::string last_event_id{};
};

struct Canned {
    int status = 200;
    std::string body = "{}";
    bool cut_short = false;  // promises more than it sends
};

// Listens on a free port of 127.0.0.1, or on a Unix socket, as long as it exists. Any thread.
class FakeApi {
  public:
    using Give = std::function<Canned(const Seen&)>;

    FakeApi();
    explicit FakeApi(const std::filesystem::path& unix_socket);
    ~FakeApi();
    FakeApi(const FakeApi&) = delete;
    FakeApi& operator=(const FakeApi&) = delete;

    // Sets the answer to a request such as "GET /status"; other requests get 404.
    void on(const std::string& question, Canned answer);
    void on(const std::string& question, Give give);
    // Accepts the request and answers only when this object is destroyed.
    void hang_on(const std::string& question);

    // Serves GET /events from now on: each stream begins with the result of `first` for its
    // request, followed by the bytes of tell(). The bytes are sent unchanged.
    void stream(std::function<std::string(const Seen&)> first);
    void stream(const std::string& first = "retry: 1000\n\n");
    void tell(const std::string& bytes);
    // Ends the open streams; clients may open new ones.
    void break_streams();
    [[nodiscard]] std::size_t streams_open() const;
    // How many requests for this path ("/leader") were received.
    [[nodiscard]] std::size_t count(const std::string& path) const;

    [[nodiscard]] std::string host_and_port() const;
    // "http://127.0.0.1:3001" or "unix:/path"
    [[nodiscard]] std::string url() const { return url_; }
    [[nodiscard]] std::vector<Seen> seen() const;
    // Stops listening; further connections are refused.
    void die();

    // For the server's own threads.
    [[nodiscard]] Canned answer(const Seen& request);
    using Send = std::function<bool(const std::string& bytes)>;  // false: the client is gone
    [[nodiscard]] bool serve_stream(const Seen& request, const std::function<Send()>& begin);

  private:
    void serve(const Poco::Net::ServerSocket& socket);

    mutable std::mutex mutex_;
    std::condition_variable going_;
    bool gone_ = false;
    std::function<std::string(const Seen&)> first_;
    std::string told_;         // to all streams of this generation
    unsigned generation_ = 0;  // of streams; those of an older one end
    std::size_t streams_ = 0;
    std::map<std::string, Give> answers_;
    std::vector<Seen> seen_;
    Poco::ThreadPool threads_{2, 16};
    std::unique_ptr<Poco::Net::HTTPServer> server_;
    std::string address_, url_;
};

// An event as GET /events sends it; without an id if `id` is 0.
[[nodiscard]] std::string event(const std::string& name, std::int64_t id, const std::string& data);

// A port of 127.0.0.1 on which nothing listens.
[[nodiscard]] std::string dead_url();

}  // namespace electiond::testing
