// Runs electionctl in a test: takes the command line, returns exit code and output.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "electionctl/run.h"

namespace electiond::ctl {

struct Result {
    int code;
    std::string out, err;
};

// `default_socket`: whose existence decides if no endpoint is named; by default there is none.
inline Result run_words(std::vector<std::string> words,
                        const std::filesystem::path& default_socket = "/nowhere/api.sock") {
    std::ostringstream out, err;
    const int code = run(words, out, err, default_socket);
    return {code, out.str(), err.str()};
}

inline Result ask(const std::string& endpoints, std::vector<std::string> words) {
    words.insert(words.begin(), {"--endpoint", endpoints});
    return run_words(std::move(words));
}

// The answers of GET /leader from node 1 as the leader, from a follower of it, and without a
// leader.
inline constexpr const char* kLeads =
    R"({"leaderId":"1","isLeader":true,"term":7,"fencingToken":7,"validForMs":98,"leaseRemainingMs":850,"index":5})";
inline constexpr const char* kFollows =
    R"({"leaderId":"1","isLeader":false,"term":7,"fencingToken":0,"validForMs":0,"leaseRemainingMs":0,"index":9})";
inline constexpr const char* kNobody =
    R"({"leaderId":null,"isLeader":false,"term":7,"fencingToken":0,"validForMs":0,"leaseRemainingMs":0,"index":10})";

inline constexpr const char* kStatus =
    R"({"id":"1","port":3001,"state":"LEADER","term":7,"votedFor":"1","leaderId":"1","peers":[{"id":"2","port":3002,"address":"127.0.0.1:4002"},{"id":"3","port":3003,"address":"127.0.0.1:4003"}],"uptime":192,"cluster":"demo","role":"voter","isLeader":true,"fencingToken":7,"leaseRemainingMs":850,"voters":["1","2","3"],"quorum":2,"priority":100,"transport":"http","version":"0.1.0","index":4294967299})";

}  // namespace electiond::ctl
