// Answers POST /reload: the main thread reads the configuration again and reports the changes.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "control/outcome.h"

namespace electiond {
namespace {

constexpr Milliseconds kLongest{10'000};  // a file system may hang

// Throws Problem: a mistyped option must not cause a reload that was not intended.
bool parse_dry_run(const Call& call) {
    bool dry_run = false;
    for (const auto& [key, value] : call.target.query) {
        if (key != "dryRun" || (value != "true" && value != "false")) {
            throw Problem{400, "Malformed query", "Expected nothing, or dryRun=true.",
                          Reason::malformed};
        }
        dry_run = value == "true";
    }
    if (!call.request.body.empty()) {
        throw Problem{400, "Malformed body", "Expected nothing.", Reason::malformed};
    }
    return dry_run;
}

Json texts(const std::vector<std::string>& all) { return json_array({all.begin(), all.end()}); }

Json change_json(const ReloadChange& change, bool dry_run) {
    const char* const live = dry_run ? "would_apply" : "applied";
    return json_object(
        {{"key", change.key},
         {"old", change.before},
         {"new", change.after},
         {"action", change.live ? live : "needs_restart"},
         {"reason", change.live ? std::optional<std::string>() : std::optional(change.why)}});
}

// Null if there is no file.
Json file_json(const ReloadReport& report) {
    return report.file.empty() ? std::optional<std::string>() : std::optional(report.file);
}

std::string what_to_correct(const ReloadReport& report) {
    if (!report.file.empty()) return "correct " + report.file + " and try again.";
    return "correct the files that the environment names; to change the environment itself, start "
           "the node again.";
}

ApiResponse faulty(const ReloadReport& report) {
    JsonFields fields{{"type", "about:blank"},
                      {"title", "Faulty configuration"},
                      {"status", 422},
                      {"detail", "The configuration has faults, so nothing was changed; " +
                                     what_to_correct(report)},
                      {"error", "Faulty configuration"},
                      {"file", file_json(report)},
                      {"faults", texts(report.faults)}};
    return {.status = 422, .body = json_object(fields).text(), .type = "application/problem+json"};
}

ApiResponse reload_response(const std::optional<ReloadReport>& report) {
    if (!report) {
        return answer(Problem{503, "Not done in time",
                              "A file or a plugin does not answer. The reload may still be carried "
                              "out; the log will have its result."});
    }
    if (!report->faults.empty()) return faulty(*report);
    std::vector<Json> changes;
    for (const auto& each : report->changes) changes.push_back(change_json(each, report->dry_run));
    return answer(200, json_object({{"dryRun", report->dry_run},
                                    {"file", file_json(*report)},
                                    {"changes", json_array(changes)},
                                    {"warnings", texts(report->warnings)}}));
}

ApiResponse too_many_reloads() {
    auto refused = answer(
        Problem{503, "Too many reloads wait", "Nothing was done; try again when they have ended."});
    refused.headers.emplace_back("Retry-After", "1");
    return refused;
}

}  // namespace

ApiAnswer answer_reload(const Call& call) try {
    const bool dry_run = parse_dry_run(call);
    const auto post = [&](std::function<void(const ReloadReport&)> done) {
        return call.dependencies.reload({.dry_run = dry_run, .done = std::move(done)});
    };
    return carry_out<ReloadReport>(call, kLongest, post, too_many_reloads, reload_response);
} catch (const Problem& problem) {
    return answer(problem);
}

}  // namespace electiond
