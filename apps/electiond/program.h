// The process around a Daemon: options, signals, exit codes. A POCO ServerApplication.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <Poco/Util/ServerApplication.h>

#include "settings/settings.h"

namespace electiond {

// Blocks the signals that waiting for them needs, in this thread and in all that come after it.
// Before the first thread, hence before the Program exists.
void block_signals();

class Program : public Poco::Util::ServerApplication {
  public:
    // Refuses what is no option of ours, so that it is a usage error (64) and not a bad
    // configuration. Throws Poco::Util::OptionException.
    static void check_usage(int argc, char** argv);

  protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& arguments) override;

  private:
    static void add_options(Poco::Util::OptionSet& options);
    int act(const std::vector<std::string>& arguments);
    int check(const Settings& settings);
    int list_plugins();
    int serve(const Settings& settings);
    int offline(const std::string& verb);
    [[nodiscard]] bool confirm(const std::string& question) const;
    [[nodiscard]] Settings load() const;
    void help() const;

    std::string config_;
    std::string action_;  // the option that asks for something else than to serve
    bool daemon_ = false;
    bool claim_ = false;
    bool yes_ = false;
};

}  // namespace electiond
