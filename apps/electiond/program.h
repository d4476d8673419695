// The process around a Daemon: options, signals, exit codes. A POCO ServerApplication.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <Poco/Util/ServerApplication.h>

namespace electiond {

class Daemon;
class Log;
class ServiceManager;
class SignalThread;

class Program : public Poco::Util::ServerApplication {
  public:
    // Reads the environment; throws what std::filesystem::absolute throws.
    Program();

    // What must be refused while somebody can still read why: before POCO takes what is no option
    // of ours for a bad configuration, and before --daemon leaves the terminal, where the
    // configuration is looked at, too. 0: go on; else the exit code, once it has complained.
    [[nodiscard]] static int check_words(int argc, char** argv);

  protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& arguments) override;

  private:
    static int check_background(const std::string& config, const std::string& pidfile);
    int act(const std::vector<std::string>& arguments);
    int list_plugins();
    int serve();
    int serve(SignalThread& signals);
    static int obey(SignalThread& signals, Daemon& daemon, ServiceManager& manager, const Log& log);
    int offline(const std::string& verb);
    [[nodiscard]] bool confirm(const std::string& question) const;

    std::string config_;
    std::string pidfile_;
    std::set<std::string> actions_;  // the options that ask for something else than to serve
    bool probe_ = false;
    bool claim_ = false;
    bool force_ = false;
    bool yes_ = false;
};

}  // namespace electiond
