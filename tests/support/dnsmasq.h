// A real DNS server, dnsmasq, for the zone `test`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <io/child.h>

namespace electiond {

// On 127.0.0.1, by UDP and TCP, with a TTL of 0 if no option says something else. Names of the zone
// that it doesn't know do not exist; it refuses all other zones. Ends with the object. One thread.
class Dnsmasq {
  public:
    // True if this machine has it (package dnsmasq-base).
    [[nodiscard]] static bool installed();

    // Keeps its hosts file in `folder`. Further options as on its command line. Without a port it
    // takes a free one.
    explicit Dnsmasq(std::filesystem::path folder, std::optional<std::uint16_t> port = {},
                     const std::vector<std::string>& options = {});

    // The whole zone, as lines "10.0.0.1 name.test". Returns at once; it is in use a moment later.
    void set_hosts(const std::string& lines);
    [[nodiscard]] bool answers() const;  // anything, within a second
    void signal(int number) { child_->signal(number); }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  private:
    void write_hosts(const std::string& lines) const;
    void start(const std::vector<std::string>& options);
    [[nodiscard]] bool comes_up();

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<io::Child> child_;
};

}  // namespace electiond
