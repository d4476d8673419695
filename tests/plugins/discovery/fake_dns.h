// A DNS server whose answers a test defines: right, wrong, errors, too many, too late, none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <io/descriptor.h>

namespace electiond::bench {

inline constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kAaaa = 28, kSrv = 33;

struct Query {
    std::string message;  // as received
    std::string name;
    std::uint16_t type = 0;
    bool tcp = false;
};

// A response, record by record. Names are written without compression.
class Response {
  public:
    explicit Response(const Query& query);  // of that id and question, by a server that recurses

    Response& a(const std::string& name, const std::string& address, std::uint32_t ttl = 0);
    Response& aaaa(const std::string& name, const std::string& address, std::uint32_t ttl = 0);
    Response& cname(const std::string& name, const std::string& target, std::uint32_t ttl = 0);
    Response& srv(const std::string& name, const std::string& target, std::uint16_t port,
                  std::uint32_t ttl = 0);
    Response& record(const std::string& encoded_name, std::uint16_t type, std::uint32_t ttl,
                     const std::string& data);
    // Adds records after all others.
    Response& authority(const std::string& name, std::uint16_t type, const std::string& data);
    Response& additional(const std::string& name, std::uint16_t type, const std::string& data);
    Response& code(int code);  // 2: SERVFAIL, 3: NXDOMAIN, 5: REFUSED
    Response& flags(std::uint16_t clear, std::uint16_t set);
    Response& id(std::uint16_t id);
    Response& question(const std::string& name, std::uint16_t type);  // before any record
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    void put(std::size_t at, std::uint16_t value);
    Response& append(std::size_t section, const std::string& encoded_name, std::uint16_t type,
                     std::uint32_t ttl, const std::string& data);

    std::string bytes_;
};

[[nodiscard]] std::string two_bytes(std::uint16_t value);
[[nodiscard]] std::string encode_name(const std::string& name);

// On 127.0.0.1, by UDP and by TCP on one port. It answers one query after the other.
class FakeDns {
  public:
    // The messages to send back, in this order; by TCP each is preceded by its length, and an empty
    // one closes the connection. It may wait.
    using Answers = std::vector<std::string>;
    using Script = std::function<Answers(const Query&)>;

    explicit FakeDns(Script script);
    FakeDns(const FakeDns&) = delete;
    FakeDns& operator=(const FakeDns&) = delete;
    ~FakeDns();

    void play(Script script);  // from the next query on
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    // The questions since the last call, as "n1.test A", or "n1.test A tcp".
    [[nodiscard]] std::vector<std::string> take_asked();

  private:
    void serve(const std::stop_token& stop);
    void serve_datagram();
    void serve_connection();
    [[nodiscard]] Answers answers_to(const std::string& message, bool tcp);

    io::Descriptor udp_, tcp_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;  // the two below
    Script script_;
    std::vector<std::string> asked_;
    std::jthread thread_;
};

// A port of 127.0.0.1 where nobody listens, no other test either, as long as the object exists.
class DeadPort {
  public:
    DeadPort();
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  private:
    io::Descriptor udp_;
    std::uint16_t port_ = 0;
};

}  // namespace electiond::bench
