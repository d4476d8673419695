// The process around a Daemon.
#include "program.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <Poco/Exception.h>
#include <io/descriptor_limit.h>
#include <sys/stat.h>

#include "check/check.h"
#include "command_line.h"
#include "complain.h"
#include "configuration.h"
#include "daemon.h"
#include "descriptors.h"
#include "offline.h"
#include "owner.h"
#include "pid_file.h"
#include "service_manager.h"
#include "signals.h"
#include "symbol_tables.h"

namespace electiond {
namespace {

constexpr int kUsage = 64;
constexpr int kBroken = 70;
constexpr Milliseconds kStopLimit{5000};  // beyond client_grant (interface.md, Signals)
constexpr Milliseconds kSignalDelay{100};
constexpr Milliseconds kStopMargin{200};   // for the end itself
constexpr Milliseconds kSettled{5000};     // the first election is over by then, as a rule
constexpr Milliseconds kReportLimit{300};  // for the last message to the service manager

// Throws Error if there is no working directory: POCO needs one even if no path is relative.
void require_working_directory() {
    std::error_code error;
    (void)std::filesystem::current_path(error);
    if (error) {
        throw Error("the working directory cannot be read: " + error.message() +
                        "; it may have been removed: change to another",
                    Error::os);
    }
}

// Call it before --daemon changes the working directory.
std::optional<ConfigSource> chosen_config(const std::string& given) {
    return config_source(given, process_environment());
}

// Runs `act` and returns its exit code. Prints an exception, and returns the exit code for it.
template <class Act>
int run_reporting_errors(const Act& act) try {
    return act();
} catch (const Error& error) {
    complain(error.what());
    return error.code();
} catch (const std::exception& error) {
    complain(std::string(error.what()) + "; this is a bug, please report it");
    return kBroken;
}

// A signal that asks for a stop begins the hand-over at once, even if the main thread hangs in a
// file or plugin during a reload.
class HandOverAtStop {
  public:
    HandOverAtStop(SignalThread& signals, Daemon& daemon) : signals_(signals) {
        signals_.on_stop([&daemon] { daemon.begin_hand_over(); });
    }
    HandOverAtStop(const HandOverAtStop&) = delete;
    HandOverAtStop& operator=(const HandOverAtStop&) = delete;
    ~HandOverAtStop() { signals_.on_stop({}); }

  private:
    SignalThread& signals_;
};

}  // namespace

Program::Program() : config_(chosen_config("")) {}

void Program::defineOptions(Poco::Util::OptionSet& options) {
    // ServerApplication::defineOptions would add its own --pidfile, which any process that gets the
    // option writes and removes.
    Application::defineOptions(options);
    add_options(options);
}

int Program::check_words(int argc, char** argv, bool as_pid_1) try {
    auto line = read_command_line(argc, argv);
    auto& given = line.given;
    if (const auto why = misuse(line); !why.empty()) {
        complain(why + "; electiond --help shows all options");
        return kUsage;
    }
    const bool background = given.contains("daemon") || given.contains("pidfile");
    if (background && std::getenv("NOTIFY_SOCKET") != nullptr) {
        complain(
            "--daemon and --pidfile cannot be used under a service manager that waits to be "
            "notified (NOTIFY_SOCKET is set): leave them out");
        return kUsage;
    }
    if (as_pid_1 && given.contains("daemon")) {
        complain(
            "--daemon cannot be used as PID 1 of a container, because the container would end when "
            "the command returns: leave --daemon out");
        return kUsage;
    }
    return run_reporting_errors([&]() -> int {
        require_working_directory();
        if (!given.contains("daemon") || given.contains("help")) return EXIT_OK;
        return check_background(chosen_config(given["config"]), given["pidfile"]);
    });
} catch (const Poco::Exception& error) {
    complain(error.displayText() + "; electiond --help shows all options");
    return kUsage;
}

// Checks everything that can be checked without binding a port or changing a file.
int Program::check_background(const std::optional<ConfigSource>& config,
                              const std::string& pidfile) {
    if (!config) {
        complain(no_config_source());
        return kUsage;
    }
    const DefaultSignals default_signals;
    const auto settings = load_configuration(*config);
    if (!pidfile.empty()) check_pid_file(std::filesystem::absolute(pidfile));
    PluginHost host(plugin_directories(settings), own_program(), Log{});
    (void)load_plugins(host, settings, Log{});
    return EXIT_OK;
}

void Program::handleOption(const std::string& name, const std::string& value) {
    if (name == "config") {
        config_ = chosen_config(value);
    } else if (name == "pidfile") {
        pidfile_ = std::filesystem::absolute(value);
    } else if (name == "umask") {
        ::umask(static_cast<mode_t>(std::stoul(value, nullptr, 8)));
    } else if (name == "daemon") {
        // ServerApplication::run has already handled this option, and runs in the background.
    } else if (name == "claim") {
        claim_ = true;
    } else if (name == "probe") {
        probe_ = true;
    } else if (name == "force") {
        force_ = true;
    } else if (name == "yes") {
        yes_ = true;
    } else {
        actions_.insert(name);
        if (name == "help") stopOptionsProcessing();
    }
}

int Program::main(const std::vector<std::string>& arguments) {
    const int code = run_reporting_errors([&] { return act(arguments); });
    if (arguments.empty()) return code;
    // A call of the arbiter may still hang in its thread: no destructor may run.
    std::cout.flush();
    std::_Exit(code);
}

int Program::act(const std::vector<std::string>& arguments) {
    if (actions_.empty() && arguments.empty() && config_) return serve();
    const DefaultSignals default_signals;
    if (actions_.contains("help")) {
        print_help(options());
        return EXIT_OK;
    }
    if (actions_.contains("version")) {
        std::cout << "electiond " << ELECTIOND_VERSION << "\n";
        return EXIT_OK;
    }
    if (actions_.contains("list-plugins")) return list_plugins();
    if (!config_) {
        complain(no_config_source());
        return kUsage;
    }
    if (!arguments.empty()) return offline(arguments.front());
    const bool prints = actions_.contains("print-config");
    if (actions_.contains("check")) return check(*config_, {.print = prints, .probe = probe_});
    print_configuration(*config_);
    return EXIT_OK;
}

int Program::list_plugins() {
    const auto settings = config_ ? load_settings_alone(*config_) : Settings{};
    const PluginHost host(plugin_directories(settings), own_program(), Log{});
    int code = EXIT_OK;
    for (const auto& plugin : host.list()) {
        if (plugin.fault.empty()) {
            std::cout << plugin.kind << "\t" << plugin.name << "\t" << plugin.version << "\t"
                      << plugin.file.string() << "\n";
        } else {
            complain(plugin.fault);
            code = Error::config;
        }
    }
    return code;
}

int Program::offline(const std::string& verb) {
    const auto settings = load_settings_alone(*config_);
    act_as_owner_of(settings.node.data_dir);
    const auto ask = [this](const std::string& question) { return confirm(question); };
    if (verb == "rejoin") return rejoin(settings, ask);
    return claim_ ? recover_claim(settings, ask, force_) : recover(settings, ask, force_);
}

bool Program::confirm(const std::string& question) const {
    if (yes_) return true;
    std::cout << question << "\nContinue? Type yes: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return true;
    std::cout << "\nNothing was changed.\n";
    return false;
}

// Receives signals from the beginning, since a file system, a plugin or a name look-up may hang
// anywhere in this function.
int Program::serve() {
    SignalThread signals(kStopLimit - kStopMargin);
    try {
        return serve(signals);
    } catch (const std::exception&) {
        // A signal to the whole process group also ends the process that probes a plugin: that is
        // not a fault of the plugin, and a stop was requested.
        if (signals.stopping_within(kSignalDelay)) return EXIT_OK;
        throw;
    }
}

int Program::serve(SignalThread& signals) {
    ServiceManager::require_library();
    auto settings = load_configuration(*config_);
    signals.set_limit(kStopLimit + settings.election.client_grant - kStopMargin);
    std::optional<PidFile> pidfile;
    if (!pidfile_.empty()) pidfile.emplace(pidfile_);
    LogOutput output(settings.log.level, settings.log.format, settings.node.id.value);
    fit_connections(settings, io::raise_descriptor_limit(), output.log());
    Daemon daemon(settings, output);
    daemon.on_reload([this] { return load_configuration(*config_); },
                     [&signals] { signals.wake(Asked::What::reload_request); });
    if (signals.stopping()) return EXIT_OK;
    daemon.start([&] {
        if (pidfile) pidfile->write();
    });
    const HandOverAtStop early(signals, daemon);
    ServiceManager manager(output.log());
    manager.ready(daemon.board(), daemon.pulse());
    const int code = handle_requests(signals, daemon, manager, output.log());
    manager.stopping(kStopLimit + settings.election.client_grant);
    const bool all_ended = daemon.stop();
    if (manager.stop(std::chrono::steady_clock::now() + kReportLimit) && all_ended) return code;
    // A thread that hangs still uses these objects: no destructor may run.
    pidfile.reset();
    output.stop();
    std::_Exit(code);
}

// Carries out the requests of signals until one requests a stop.
int Program::handle_requests(SignalThread& signals, Daemon& daemon, ServiceManager& manager,
                             const Log& log) {
    std::set<int> warned;
    for (;;) {
        // A start or a reload is over; a reload may have loaded OpenSSL.
        if (!signals.asked_within(kSettled)) give_back_symbol_tables();
        const auto [what, signal] = signals.next();
        if (what == Asked::What::reload || what == Asked::What::reload_request) {
            manager.reloading();
            if (what == Asked::What::reload)
                daemon.reload();
            else
                daemon.carry_out_reload_request();
            manager.reloaded();
        } else if (what == Asked::What::nothing) {
            if (!warned.insert(signal).second) continue;
            log.warning("signal " + signal_name(signal) +
                        " has no meaning for electiond and is always ignored; HUP reads the "
                        "configuration again, TERM stops");
        } else if (signal == SIGXCPU) {
            log.error(
                "the limit of processor time (RLIMIT_CPU) is used up, so electiond hands "
                "leadership over and stops; raise the limit");
            return Error::os;
        } else {
            return EXIT_OK;
        }
    }
}

}  // namespace electiond
