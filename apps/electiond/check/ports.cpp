// Checks whether this node's ports can be bound: binds and closes each.
#include "check/ports.h"

#include <io/listening.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <system_error>

#include "check/own_daemon.h"
#include "control/server.h"
#include "time_limit.h"

namespace electiond {
namespace {

// Refuses every request: the port is bound only for a moment.
class ClosedInbox final : public Inbox {
  public:
    void deliver(Request, Respond) noexcept override {}
};

std::string text_of(const sockaddr* address, socklen_t size) {
    std::array<char, NI_MAXHOST> host{};
    const int error =
        ::getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
    return error == 0 ? host.data() : "";
}

struct Resolved {
    std::set<std::string> addresses{};
    std::string trouble{};
};

Resolved resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
        return {.trouble = ::gai_strerror(error)};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(list, ::freeaddrinfo);
    Resolved found;
    for (const auto* one = all.get(); one != nullptr; one = one->ai_next) {
        found.addresses.insert(text_of(one->ai_addr, one->ai_addrlen));
    }
    return found;
}

// True if a program accepts connections there.
bool somebody_listens(const io::UnixSocket& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    const io::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return probe.open() &&
           ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

class Ports {
  public:
    Ports(PluginHost& host, const Settings& settings)
        : host_(host), settings_(settings), daemon_(daemon_on(settings.node.data_dir)) {}

    std::vector<Probed> take(bool& all_ended) {
        for (const auto& address : settings_.api.listen) api(address);
        transport();
        if (settings_.transport.advertise) all_ended = advertised() && all_ended;
        return std::move(lines_);
    }

  private:
    void free_or_why(const std::string& what, const auto& bind) {
        try {
            bind();
            lines_.push_back({what + ": free"});
        } catch (const Error& error) {
            const std::string why = error.what();
            const auto taken = std::generic_category().message(EADDRINUSE);
            if (why.find(taken) != std::string::npos) return in_use(what, why);
            lines_.push_back({what + ": " + why, false});
        }
    }
    void in_use(const std::string& what, const std::string& why) {
        if (daemon_) {
            lines_.push_back({what + ": in use, and this node's own daemon runs (pid " +
                              std::to_string(*daemon_) + ")"});
        } else {
            lines_.push_back({what + ": " + why, false});
        }
    }

    void api(const ListenAddress& address) {
        const auto what = "api.listen " + to_string(address);
        if (const auto* socket = std::get_if<io::UnixSocket>(&address)) {
            if (!somebody_listens(*socket)) return lines_.push_back({what + ": free"});
            return in_use(what, "another program listens there; stop it, or choose another path");
        }
        free_or_why(what, [&] {
            const bool v6_only =
                ControlServer::leaves_ipv4_to_others(address, settings_.api.listen);
            (void)io::listen_on(std::get<Endpoint>(address), v6_only, "api.listen");
        });
    }

    // The plugin itself binds: only it knows which ports it uses.
    void transport() {
        const auto what = "transport.listen " + settings_.transport.listen.to_string();
        ClosedInbox inbox;
        const auto made = make_transport(host_, settings_, Log{});
        free_or_why(what, [&] {
            (void)made->start(inbox);
            made->stop();
        });
    }

    // False if the look-up hangs.
    bool advertised() {
        const auto address = *settings_.transport.advertise;
        const auto what = "transport.advertise " + address.to_string();
        const auto found =
            within_limit([host = address.host](std::stop_token) { return resolve(host); });
        if (!found) {
            lines_.push_back({what + ": the name service does not answer; repair it", false});
            return false;
        }
        if (found->addresses.empty()) {
            lines_.push_back({what + ": " + found->trouble + "; correct the name", false});
            return true;
        }
        std::string text;
        for (const auto& each : found->addresses) text += (text.empty() ? "" : ", ") + each;
        const auto here = io::addresses_of_host();
        const bool own = std::ranges::any_of(found->addresses, [&](const auto& each) {
            return std::ranges::find(here, each) != here.end();
        });
        lines_.push_back({what + ": " + (text == address.host ? "" : "resolves to " + text + ", ") +
                          (own ? "an address of this machine"
                               : "not an address of this machine: correct only if another machine "
                                 "forwards it")});
        return true;
    }

    PluginHost& host_;
    const Settings& settings_;
    const std::optional<pid_t> daemon_;
    std::vector<Probed> lines_;
};

}  // namespace

std::vector<Probed> probe_ports(PluginHost& host, const Settings& settings, bool& all_ended) {
    return Ports(host, settings).take(all_ended);
}

}  // namespace electiond
