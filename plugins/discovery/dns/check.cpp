// Checks the settings of the discovery `dns` for `electiond --check`.
#include "dns/check.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace electiond::discovery {
namespace {

constexpr std::size_t kBytesMax = std::size_t{64} * 1024;

enum class Servers { named, none, unreadable };

Servers read_resolv_conf(const std::filesystem::path& file) {
    errno = 0;
    std::ifstream in(file);
    std::string text(kBytesMax, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) return Servers::unreadable;
    text.resize(static_cast<std::size_t>(in.gcount()));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key, value;
        if (words >> key >> value && key == "nameserver") return Servers::named;
    }
    return Servers::none;
}

}  // namespace

std::vector<Finding> check_dns(const DnsSettings& settings, const Peer& self,
                               const std::filesystem::path& resolv_conf) {
    std::vector<Finding> findings;
    const auto warn = [&](const std::string& key, const std::string& text) {
        findings.push_back({Finding::Weight::warning, key, text});
    };
    if (!settings.host.empty() && !self.addresses.empty() &&
        self.addresses.front().port != settings.port) {
        warn("port", "is " + std::to_string(settings.port) + ", but this node announces " +
                         self.addresses.front().to_string() +
                         " (transport.advertise, else transport.listen): other nodes that find it "
                         "by " +
                         settings.host +
                         " connect to the wrong port; give all nodes the same port, or use srv");
    }
    if (settings.client.servers.empty()) {
        const auto found = read_resolv_conf(resolv_conf);
        if (found != Servers::named) {
            const std::string why =
                found == Servers::none
                    ? "names no server (nameserver)"
                    : "cannot be read: " + std::generic_category().message(errno);
            warn("servers", "is not given, and " + resolv_conf.string() + " " + why +
                                ", so 127.0.0.1 is asked; name the DNS servers in one of the two");
        }
    }
    return findings;
}

}  // namespace electiond::discovery
