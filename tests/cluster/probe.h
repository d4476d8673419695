// Sends requests to one node on one connection, as fast as it answers.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <string>

namespace electiond::cluster {

class Probe {
  public:
    // `request` as in "GET /leader". Connects when first asked, and again after a failure. Stops
    // waiting for an answer after `patience`.
    Probe(std::uint16_t port, const std::string& request, std::string host = "127.0.0.1",
          timeval patience = {.tv_sec = 1, .tv_usec = 0});
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe() { close(); }

    // The status code; 0 if there is no answer.
    int ask();
    [[nodiscard]] const std::string& body() const { return body_; }
    // The number after "key": in the newest body; 0 if there is none.
    [[nodiscard]] std::uint64_t number(const std::string& key) const;
    // The text behind it; "" for null.
    [[nodiscard]] std::string text(const std::string& key) const;

  private:
    bool connect();
    void close();

    std::string host_;
    std::uint16_t port_;
    timeval patience_;
    std::string request_;
    bool without_body_;
    int socket_ = -1;
    std::string body_;
};

}  // namespace electiond::cluster
