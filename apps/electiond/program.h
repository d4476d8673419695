// The process around a Daemon: options, signals, exit codes. A POCO ServerApplication.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <Poco/Util/ServerApplication.h>

#include "settings/settings.h"

namespace electiond {

class Daemon;
class Log;
class ServiceManager;
class SignalThread;

class Program : public Poco::Util::ServerApplication {
  public:
    // Reads the environment; throws what std::filesystem::absolute throws.
    Program();

    // Checks the command line before POCO does, since POCO treats unknown options as a bad
    // configuration. With --daemon it also checks the configuration, because the terminal is lost
    // later. `as_pid_1`: the kernel started this program as PID 1 of a namespace (init.h). Returns
    // 0, or the exit code after printing the reason.
    [[nodiscard]] static int check_words(int argc, char** argv, bool as_pid_1);

  protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& arguments) override;

  private:
    static int check_background(const std::optional<ConfigSource>& config,
                                const std::string& pidfile);
    int act(const std::vector<std::string>& arguments);
    int list_plugins();
    int serve();
    int serve(SignalThread& signals);
    static int handle_requests(SignalThread& signals, Daemon& daemon, ServiceManager& manager,
                               const Log& log);
    int offline(const std::string& verb);
    [[nodiscard]] bool confirm(const std::string& question) const;

    std::optional<ConfigSource> config_;
    std::string pidfile_;
    std::set<std::string> actions_;  // the options that request something other than serving
    bool probe_ = false;
    bool claim_ = false;
    bool force_ = false;
    bool yes_ = false;
};

}  // namespace electiond
