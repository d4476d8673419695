// Problems as application/problem+json.
#include "control/exchange.h"

namespace electiond {

ApiResponse answer(const Problem& problem) {
    const std::string code(to_string(problem.reason));
    JsonFields fields{{"type", code.empty() ? "about:blank" : "urn:electiond:reason:" + code},
                      {"title", problem.title},
                      {"status", problem.status},
                      {"detail", problem.detail},
                      {"error", problem.title}};
    if (!code.empty()) fields.emplace_back("reason", code);
    if (problem.leader || problem.status == 421) fields.emplace_back("leaderId", problem.leader);
    return {.status = problem.status,
            .body = json_object(fields).text(),
            .type = "application/problem+json"};
}

}  // namespace electiond
