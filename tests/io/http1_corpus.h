// Requests and responses that HTTP/1 readers disagree about, with what ours makes of them.
#pragma once

#include <string>
#include <vector>

namespace electiond::io {

struct Sample {
    std::string what;
    std::string bytes;
    int status;  // that it is refused with; 0: it is read, and `bytes` end with its head
};

const std::vector<Sample>& request_samples();
const std::vector<Sample>& response_samples();

}  // namespace electiond::io
