// Sends the requests of the plugin to etcd: endpoints, authentication, messages for failures.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/error.h>

#include "etcd/http.h"
#include "etcd/messages.h"
#include "etcd/settings.h"

namespace electiond::discovery::etcd {

// One call of the host: its stop token, and its time limit.
class Call {
  public:
    // Less than the 5 s after which the host requests a stop.
    static constexpr std::chrono::milliseconds kLimit{4500};

    explicit Call(std::stop_token stop, std::chrono::milliseconds limit = kLimit)
        : stop_(std::move(stop)), until_(std::chrono::steady_clock::now() + limit) {}

    [[nodiscard]] const std::stop_token& stop() const { return stop_; }
    [[nodiscard]] std::chrono::milliseconds left() const {
        return std::chrono::floor<std::chrono::milliseconds>(until_ -
                                                             std::chrono::steady_clock::now());
    }

  private:
    std::stop_token stop_;
    std::chrono::steady_clock::time_point until_;
};

// The lease does not exist: it was revoked, or it has expired.
class NoSuchLease : public Error {
  public:
    using Error::Error;
};

// One thread at a time, none of its own. Each call throws Error with the remedy if no endpoint
// answers or etcd refuses the request, and Error if a stop is requested. The endpoint that answered
// last is asked first; if it does not answer, the next one is asked. So a request may be carried
// out twice, and may have been carried out even if the call throws.
class Gateway {
  public:
    // Borrows the settings. Opens nothing yet.
    explicit Gateway(const Settings& settings);

    [[nodiscard]] Range range(const Call& call, const std::string& key, const std::string& end,
                              std::size_t limit);
    // Creates `key`, without a lease, if it does not exist. Returns the existing one, or nullopt.
    [[nodiscard]] std::optional<KeyValue> create(const Call& call, const std::string& key,
                                                 const std::string& value);
    // Returns the revision of the store. Throws NoSuchLease.
    std::int64_t put(const Call& call, const std::string& key, const std::string& value,
                     const std::string& lease);
    [[nodiscard]] Lease grant(const Call& call, std::chrono::seconds ttl);
    // Returns the time that is left; nullopt if the lease does not exist any more.
    [[nodiscard]] std::optional<std::chrono::seconds> keep_alive(const Call& call,
                                                                 const std::string& lease);
    // Throws NoSuchLease.
    void revoke(const Call& call, const std::string& lease);

    // Begins to watch the keys in [key, end) from this revision on, at the endpoint that answered
    // last. Does not wait: pump() reads what has arrived. The watch ends with its connection, or if
    // a request finds that its endpoint does not answer any more.
    void watch(const std::string& key, const std::string& end, std::int64_t revision,
               std::function<void(const std::string& line)> on_line);
    void end_watch() noexcept { http_.close_stream(); }
    [[nodiscard]] bool watches() const noexcept { return http_.streams(); }
    void pump() { http_.pump(); }

  private:
    struct Answer {
        enum class Kind { good, refused, endpoint_failed };
        Kind kind = Kind::good;
        std::string body{};
        Refusal refusal{};
        std::string failure{};  // of the endpoint, a clause
    };

    [[nodiscard]] std::string ask(const Call& call, const std::string& path,
                                  const std::string& body);
    [[nodiscard]] Answer ask_current(const Call& call, const std::string& path,
                                     const std::string& body);
    [[nodiscard]] Answer post(const Call& call, const std::string& path, const std::string& body,
                              const std::string& token);
    [[nodiscard]] Answer judged(const Http::Outcome& outcome, const std::string& path) const;
    [[nodiscard]] std::string failure_of(const Http::Outcome& outcome) const;
    [[nodiscard]] std::optional<std::string> fault_of_files() const;
    [[nodiscard]] std::string to_one_that_is_signed() const;
    [[nodiscard]] std::string cut_failure() const;
    [[nodiscard]] std::string tls_failure(const std::string& detail) const;
    [[nodiscard]] Answer authenticate(const Call& call);
    [[nodiscard]] std::string no_endpoint() const;
    [[noreturn]] void refuse(const Refusal& refusal, const std::string& path) const;
    template <class Read>
    auto read(const Read& read, const std::string& body);
    void go_on_to_the_next(std::string failure);

    [[nodiscard]] const std::string& current() const { return settings_.endpoints[current_]; }

    const Settings& settings_;
    Http http_;
    std::size_t current_ = 0;
    std::vector<std::string> failures_;  // the last one of each endpoint, empty once it answers
    std::string token_;
    bool without_token_ = false;  // etcd's authentication is off
    // After refused credentials: each try costs etcd a slow hash, so not every call tries again.
    std::string credentials_fault_;
    std::chrono::steady_clock::time_point credentials_again_{};
};

}  // namespace electiond::discovery::etcd
