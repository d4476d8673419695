// The state of a cluster from the API's answers, as plain data; pure.
#pragma once

#include <Poco/Dynamic/Var.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace electiond::ctl {

enum class Tint { plain, dim, strong, good, warn, bad };

// The answers as received; empty if there was none.
struct Sources {
    std::string endpoint{};        // the endpoint that answered
    Poco::Dynamic::Var cluster{};  // GET /cluster
    Poco::Dynamic::Var members{};  // GET /members
    Poco::Dynamic::Var status{};   // GET /status, of the leader if there is one
};

struct NodeRow {
    std::string id{}, role{}, state{}, term{}, leader{}, api{}, trouble{};
    std::optional<std::int64_t> contact_ms{};  // since the leader last heard it
    std::optional<std::int64_t> rtt_ms{};      // of its last answer to the leader
    std::optional<std::int64_t> lease_ms{};    // what is left of it; only of the leader
    bool online = false;
};

struct Health {
    Tint tint = Tint::plain;
    std::string text{};  // a sentence without full stop
};

struct View {
    std::string endpoint{}, name{}, version{};
    std::string leader{}, leader_api{}, term{}, token{};  // empty if there is none
    std::optional<std::int64_t> voters{}, quorum{}, can_lose{}, uptime_ms{};
    std::string obstacle{};  // why nobody can lead, as the asked node reports
    Health health{};
    std::vector<NodeRow> rows{};  // by id, numbers as numbers
};

[[nodiscard]] View make_view(const Sources& sources);

}  // namespace electiond::ctl
