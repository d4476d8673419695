// Lists the conformance cases, and runs one of them on one plugin in this process.
#include "kit/run.h"

#include <fcntl.h>
#include <io/children.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ostream>

#include "kit/process.h"

namespace electiond::kit {
namespace {

constexpr int kPassed = 0, kFailed = 1, kUsage = 64;

void limit(decltype(RLIMIT_CORE) resource, rlim_t most) {
    rlimit now{};
    if (::getrlimit(resource, &now) != 0) return;
    now.rlim_cur = std::min(most, now.rlim_max);
    ::setrlimit(resource, &now);
}

// At most the daemon's limit, so that a faulty plugin harms this process only.
void prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, rlim_t{256} << 20);
    if (!kSanitized) limit(RLIMIT_DATA, rlim_t{4} << 30);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that orphans of the plugin's children are found
}

// Those that left the process group would outlive us.
bool end_children() {
    const auto children = io::children_now();
    for (const auto child : children) ::kill(child, SIGKILL);
    return !children.empty();
}

// Names are unique only within a kind, so the kind of the library decides which case is meant.
void run_case(const std::filesystem::path& file, const std::string& name, const Subject& subject,
              Report& report) {
    report.step("loading");
    const Library library(file);
    const auto own = cases_of(library.kind());
    const auto chosen = std::ranges::find(own, name, &Case::name);
    if (chosen == own.end()) {
        throw Failed{"the plugin is a " + to_string(library.kind()) + ", which has no case " +
                     name};
    }
    Trial trial(library, subject, report);
    chosen->run(trial);
    report.step("the end of the case");
    if (end_children()) trial.note_fault("a child process is left behind");
    if (const auto fault = trial.noted_fault(); !fault.empty()) throw Failed{fault};
}

bool is_case(const std::string& name) {
    return std::ranges::any_of(
        std::array{PluginKind::discovery, PluginKind::transport}, [&](PluginKind kind) {
            const auto cases = cases_of(kind);
            return std::ranges::find(cases, name, &Case::name) != cases.end();
        });
}

}  // namespace

std::vector<Case> cases_of(PluginKind kind) {
    std::vector<Case> all;
    const auto add = [&](std::span<const Case> group) {
        all.insert(all.end(), group.begin(), group.end());
    };
    add(factory_cases());
    if (kind == PluginKind::discovery) {
        add(discovery_calls());
        add(discovery_stops());
        add(discovery_spreads());
        add(discovery_claims());
    } else {
        add(transport_starts());
        add(transport_sends());
        add(transport_troubles());
        add(transport_limits());
        add(transport_tls());
    }
    return all;
}

void print_cases(PluginKind kind, std::ostream& out) {
    for (const auto& each : cases_of(kind)) {
        out << each.name << '\t' << each.needs << '\t' << each.expected << '\n';
    }
}

int try_plugin(const std::filesystem::path& file, const std::string& name, const Subject& subject) {
    if (!is_case(name)) return kUsage;
    prepare_process();
    Report report(io::Descriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)));
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    try {
        run_case(file, name, subject, report);
        report.passed();
        return kPassed;
    } catch (const Skipped& skipped) {
        report.skipped(skipped.reason);
        return kPassed;
    } catch (const Failed& failed) {
        report.failed(failed.reason);
    } catch (const std::exception& error) {
        report.failed(report.current_step() == "loading"
                          ? std::string(error.what())
                          : report.current_step() + " threw: " + error.what());
    } catch (...) {
        report.failed(report.current_step() + " threw something that is not a std::exception");
    }
    end_children();
    return kFailed;
}

}  // namespace electiond::kit
