// The outcome of the conformance cases, as TAP 13 or JSON.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

struct CaseOutcome {
    enum class Kind { passed, failed, skipped };

    std::string name{};
    std::string expected{};  // what the plugin should do, one sentence
    Kind kind = Kind::passed;
    std::string reason{};  // one line; empty if it passed
    std::chrono::milliseconds took{};
};

struct CheckedPlugin {
    std::string file{}, name{}, version{}, kind{};  // the last three are empty if it does not load
};

// "TAP version 13" and the plan.
void write_tap_begin(std::ostream& out, const CheckedPlugin& plugin, std::size_t count);
// One line; for a failure also a block of YAML.
void write_tap(std::ostream& out, std::size_t number, const CaseOutcome& outcome);
// The last line, a comment: "# 60 passed, 0 failed, 12 skipped".
void write_tap_end(std::ostream& out, const std::vector<CaseOutcome>& all);

// {file, plugin, version, kind, passed, failed, skipped,
//  cases: [{name, outcome, reason, expected, durationMs}]}
void write_json(std::ostream& out, const CheckedPlugin& plugin,
                const std::vector<CaseOutcome>& all);

}  // namespace electiond::ctl
