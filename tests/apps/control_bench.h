// A control API over a board, a book and a journal that the test fills, and a fake transport to
// peers.
#pragma once

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <map>
#include <string>
#include <vector>

#include "control/routes.h"
#include "election/message.h"
#include "support/shown.h"

namespace electiond::testing {

using namespace std::chrono_literals;

// Answers for each address as the test defines; an unknown address refuses.
class PlayedPeers : public Transport {
  public:
    ~PlayedPeers() override { stop(); }

    Endpoint start(Inbox&) override { return {}; }
    void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
              OnResponse on_response) noexcept override;
    void stop() noexcept override;

    void answers(const std::string& address, const PeerReply& reply);
    void answers(const std::string& address, Response answer);
    // The next answers, one per request; the last one is repeated.
    void answers_in_turn(const std::string& address, const std::vector<PeerReply>& replies);
    void is_silent(const std::string& address);
    // Sends the delayed answer to the oldest request of a silent address.
    void answers_late(const std::string& address, const PeerReply& reply);

    // The bodies of the requests to each address.
    std::map<std::string, std::vector<std::string>> asked;

  private:
    std::map<std::string, std::vector<Response>> answers_;
    std::map<std::string, bool> silent_;
    std::vector<std::pair<std::string, OnResponse>> owed_;
};

// Node "1" (uuid-1) of cluster demo: API on 127.0.0.1:3001, peers "2" and "3" likewise.
class ControlBench {
  public:
    StatusBoard board;
    LoopPulse pulse;
    GrantBook grants;
    Journal journal{1, 200ms};
    Counters counters;
    PlayedPeers transport;
    Instant now{std::chrono::hours(5)};
    std::chrono::system_clock::time_point wall{std::chrono::seconds(1'700'000'000)};
    std::vector<ScoutReport> reports;
    std::function<bool(Event)> mailbox = [](const Event&) { return true; };

    ControlBench();

    [[nodiscard]] ControlDependencies dependencies();
    // The response. If it is parked, time advances to its deadlines until it is ready.
    ApiResponse answer(ControlRoutes& routes, const ApiRequest& request);
    [[nodiscard]] Shown blank() const;
    [[nodiscard]] Shown leading(Duration lease = 900ms) const;
    [[nodiscard]] Shown following(Duration promise = 900ms) const;  // node "2"
    [[nodiscard]] static PeerReply reply(const std::string& id,
                                         const std::string& state = "FOLLOWER");
    [[nodiscard]] static Member member(const std::string& id, std::optional<Milliseconds> ack);
};

// The limits, changed by the test.
[[nodiscard]] ApiLimits with(const std::function<void(ApiLimits&)>& change);

// For an answer that no event completes.
inline const std::function<void()> kNobody = [] {};
// Asserts that the response is ready at once, or that it is parked.
[[nodiscard]] ApiResponse at_once(ApiAnswer answer);
[[nodiscard]] std::unique_ptr<ParkedAnswer> parked(ApiAnswer answer);

[[nodiscard]] ApiRequest get(const std::string& target);
[[nodiscard]] ApiRequest post(const std::string& target, const std::string& body = "");

// The answer's body. Throws if it is not a JSON object.
[[nodiscard]] Poco::JSON::Object::Ptr json(const ApiResponse& response);
[[nodiscard]] Poco::JSON::Object::Ptr json(const std::string& text);
// Asserts that it is a complete problem+json and returns it.
Poco::JSON::Object::Ptr problem(const ApiResponse& response, int status);
[[nodiscard]] std::string header(const ApiResponse& response, const std::string& name);

}  // namespace electiond::testing
