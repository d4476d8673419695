// The whole program as a function, so that tests can run it.
#include "electionctl/run.h"

#include <electiond/error.h>

#include <algorithm>
#include <exception>
#include <ostream>
#include <system_error>

#include "electionctl/exit_code.h"
#include "electionctl/help.h"
#include "electionctl/plugin_verbs.h"
#include "electionctl/registry_verbs.h"
#include "electionctl/tls_verbs.h"
#include "electionctl/top.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

bool changes(const Arguments& arguments) {
    return arguments.verb == "step-down" || arguments.verb == "reload" ||
           (arguments.verb == "members" && !arguments.operands.empty());
}

// How long one request may take. The --timeout of wait-leader is for the whole wait.
std::chrono::milliseconds request_timeout(const Arguments& arguments) {
    const auto given =
        arguments.timeout.value_or(changes(arguments) ? kChangeTimeout : kAskTimeout);
    return arguments.verb == "wait-leader" ? std::min(given, kAskTimeout) : given;
}

int members_verb(const Session& session) {
    const auto& operands = session.arguments.operands;
    if (operands.empty()) return members(session);
    return operands[0] == "leave" ? leave(session) : remove_member(session);
}

int dispatch(const Session& session) {
    struct Entry {
        std::string_view name;
        int (*run)(const Session&);
    };
    static constexpr Entry kEntries[] = {
        {"status", status},
        {"cluster", cluster},
        {"leader", leader},
        {"is-leader", is_leader},
        {"wait-leader", wait_leader},
        {"watch", watch},
        {"top", top},
        {"history", history},
        {"step-down", step_down},
        {"reload", reload},
        {"members", members_verb},
    };
    const auto* entry = std::ranges::find(kEntries, session.arguments.verb, &Entry::name);
    return entry->run(session);
}

int run_checked(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
                const std::filesystem::path& default_socket) {
    // These verbs ask no node, and have their own options.
    if (!words.empty() && words.front() == "tls") return tls({words.begin() + 1, words.end()}, out);
    if (!words.empty() && words.front() == "plugin") {
        return plugin({words.begin() + 1, words.end()}, out);
    }
    if (!words.empty() && words.front() == "registry") {
        return registry_verb({words.begin() + 1, words.end()}, out);
    }
    const Arguments arguments = parse_arguments(words, default_socket);
    if (arguments.version) {
        out << "electionctl " << ELECTIOND_VERSION << '\n';
        return kDone;
    }
    if (arguments.help) {
        out << (arguments.verb.empty() ? general_help() : verb_help(*find_verb(arguments.verb)));
        return kDone;
    }
    const ApiClient client(arguments.endpoints,
                           load_credentials(arguments.token, arguments.tls, arguments.endpoints),
                           request_timeout(arguments));
    return dispatch({arguments, client, out, err});
}

}  // namespace

int run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
        const std::filesystem::path& default_socket) noexcept {
    try {
        return run_checked(words, out, err, default_socket);
    } catch (const UsageError& error) {
        err << "electionctl: " << error.what() << '\n';
        return kUsage;
    } catch (const Unreachable& error) {
        err << "electionctl: " << error.what() << '\n';
        if (!error.no_trust) {
            err << "  is electiond running there? its api.listen is what --endpoint must name\n";
        }
        return error.timed_out ? kTimedOut : kUnreachable;
    } catch (const Error& error) {
        err << "electionctl: " << error.what() << '\n';
        return error.code();
    } catch (const std::system_error& error) {
        err << "electionctl: " << error.what() << '\n';
        return kSystem;
    } catch (const std::exception& error) {
        err << "electionctl: " << error.what() << '\n';
        return kInternal;
    }
}

}  // namespace electiond::ctl
