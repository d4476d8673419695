// A small control API with canned answers, for tests of its clients.
#pragma once

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <condition_variable>
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
};

struct Canned {
    int status = 200;
    std::string body = "{}";
    bool cut_short = false;  // promises more than it sends
};

// Listens on a free port of 127.0.0.1, or on a Unix socket, until it goes. Any thread.
class FakeApi {
  public:
    using Give = std::function<Canned(const Seen&)>;

    FakeApi();
    explicit FakeApi(const std::filesystem::path& unix_socket);
    ~FakeApi();
    FakeApi(const FakeApi&) = delete;
    FakeApi& operator=(const FakeApi&) = delete;

    // What is answered from now on; "GET /status" as the key. Unknown ones get 404.
    void on(const std::string& question, Canned answer);
    void on(const std::string& question, Give give);
    // Accepts the request and answers only when this object goes.
    void hang_on(const std::string& question);

    // How many requests for this path ("/leader") have come.
    [[nodiscard]] std::size_t count(const std::string& path) const;

    [[nodiscard]] std::string host_and_port() const;
    // "http://127.0.0.1:3001" or "unix:/path"
    [[nodiscard]] std::string url() const { return url_; }
    [[nodiscard]] std::vector<Seen> seen() const;
    // Stops listening; whoever asks is refused from now on.
    void die();

    // For the server's own threads.
    [[nodiscard]] Canned answer(const Seen& request);

  private:
    void serve(const Poco::Net::ServerSocket& socket);

    mutable std::mutex mutex_;
    std::condition_variable going_;
    bool gone_ = false;
    std::map<std::string, Give> answers_;
    std::vector<Seen> seen_;
    Poco::ThreadPool threads_{2, 16};
    std::unique_ptr<Poco::Net::HTTPServer> server_;
    std::string address_, url_;
};

// A port of 127.0.0.1 on which nothing listens.
[[nodiscard]] std::string dead_url();

}  // namespace electiond::testing
