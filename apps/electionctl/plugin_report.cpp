// The outcome of the conformance cases, as TAP 13 or JSON.
#include "electionctl/plugin_report.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <algorithm>
#include <ostream>

namespace electiond::ctl {
namespace {

using Kind = CaseOutcome::Kind;

// In a TAP description # begins a directive.
std::string escaped(const std::string& text) {
    std::string all;
    for (const char c : text) {
        if (c == '#' || c == '\\') all += '\\';
        all += c;
    }
    return all;
}

// A text between double quotes, as YAML reads it.
std::string quoted(const std::string& text) {
    std::string all = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') all += '\\';
        all += c;
    }
    return all + '"';
}

std::ptrdiff_t count(const std::vector<CaseOutcome>& all, Kind kind) {
    return std::ranges::count(all, kind, &CaseOutcome::kind);
}

const char* word(Kind kind) {
    if (kind == Kind::passed) return "passed";
    return kind == Kind::failed ? "failed" : "skipped";
}

}  // namespace

void write_tap_begin(std::ostream& out, const CheckedPlugin& plugin, std::size_t count) {
    out << "TAP version 13\n1.." << count << '\n' << "# " << plugin.file;
    if (!plugin.name.empty()) {
        out << ": " << plugin.kind << ' ' << plugin.name << ' ' << plugin.version;
    }
    out << '\n' << std::flush;
}

void write_tap(std::ostream& out, std::size_t number, const CaseOutcome& outcome) {
    out << (outcome.kind == Kind::failed ? "not ok " : "ok ") << number << " - " << outcome.name;
    if (outcome.kind == Kind::failed) {
        out << ": " << escaped(outcome.reason)
            << "\n  ---\n  expected: " << quoted(outcome.expected)
            << "\n  duration_ms: " << outcome.took.count() << "\n  ...";
    } else if (outcome.kind == Kind::skipped) {
        out << " # SKIP " << outcome.reason;
    }
    out << '\n' << std::flush;
}

void write_tap_end(std::ostream& out, const std::vector<CaseOutcome>& all) {
    out << "# " << count(all, Kind::passed) << " passed, " << count(all, Kind::failed)
        << " failed, " << count(all, Kind::skipped) << " skipped\n"
        << std::flush;
}

void write_json(std::ostream& out, const CheckedPlugin& plugin,
                const std::vector<CaseOutcome>& all) {
    using Poco::JSON::Array;
    using Poco::JSON::Object;
    Array::Ptr cases(new Array);
    for (const auto& outcome : all) {
        Object::Ptr entry(new Object(Poco::JSON_PRESERVE_KEY_ORDER));
        entry->set("name", outcome.name);
        entry->set("outcome", std::string(word(outcome.kind)));
        entry->set("reason", outcome.reason);
        entry->set("expected", outcome.expected);
        entry->set("durationMs", outcome.took.count());
        cases->add(entry);
    }
    Object report(Poco::JSON_PRESERVE_KEY_ORDER);
    report.set("file", plugin.file);
    report.set("plugin", plugin.name);
    report.set("version", plugin.version);
    report.set("kind", plugin.kind);
    for (const auto kind : {Kind::passed, Kind::failed, Kind::skipped}) {
        report.set(word(kind), count(all, kind));
    }
    report.set("cases", cases);
    report.stringify(out);
    out << '\n' << std::flush;
}

}  // namespace electiond::ctl
