// electiond --check --probe: binds ports, resolves names, and asks the other nodes.
#include "check/probe.h"

#include <io/descriptor.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <variant>

#include "check/peers.h"
#include "check/ports.h"
#include "time_limit.h"

namespace electiond {
namespace {

constexpr int kConnectMs = 1000;

// Returns 0 if the address accepts connections, else an errno.
int connect_to(const addrinfo& address) {
    const io::Descriptor socket(
        ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.open()) return errno;
    if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd watched{socket.get(), POLLOUT, 0};
    if (::poll(&watched, 1, kConnectMs) <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    (void)::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

// True if the endpoint accepts a plain TCP connection: distinguishes a node that cannot be used
// from one that does not run.
bool accepts_connections(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const auto port = std::to_string(endpoint.port);
    if (::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(list, ::freeaddrinfo);
    for (const auto* one = all.get(); one != nullptr; one = one->ai_next) {
        if (connect_to(*one) == 0) return true;
    }
    return false;
}

std::string name_of(const KnownPeer& peer) {
    return "node " + (peer.id.empty() ? "?" : peer.id.value) + " at " + peer.address.to_string();
}

// Why a node that has answered cannot be used; empty if it can.
std::string misfit(const KnownPeer& peer, const Sender& from, const Settings& settings) {
    if (from.cluster_name != settings.cluster.name) {
        return "answers, but belongs to cluster \"" + from.cluster_name + "\", not \"" +
               settings.cluster.name + "\"; correct the address or cluster.name";
    }
    if (from.id == settings.node.id) {
        return "answers as node " + from.id.value + ", which is this node; correct the address";
    }
    if (!peer.id.empty() && from.id != peer.id) {
        return "answers as node " + from.id.value + "; correct the address";
    }
    return {};
}

std::string in_words(const PeerReply& reply) {
    const auto& status = std::get<StatusReply>(reply.body);
    return "reachable: node " + reply.from.id.value +
           (status.is_leader   ? ", leads"
            : status.leader_id ? ", follows node " + *status.leader_id
                               : ", knows no leader") +
           ", electiond " + status.version;
}

class Probe {
  public:
    Probe(PluginHost& host, const Settings& settings, const LoadedPlugins& plugins,
          std::ostream& out)
        : host_(host), settings_(settings), plugins_(plugins), out_(out) {}

    ProbeResult take() {
        for (const auto& [line, good] : probe_ports(host_, settings_, result_.all_ended)) {
            out_ << line << '\n';
            if (!good) result_.code = Error::os;
        }
        const auto known = find_peers(plugins_, settings_);
        result_.all_ended = known.all_ended && result_.all_ended;
        for (const auto& trouble : known.troubles) bad(trouble);
        if (known.peers.empty()) out_ << "other nodes: the discoveries name none yet\n";
        try {
            for (const auto& [peer, answer] : ask_peers(host_, settings_, known.peers, {})) {
                tell(peer, answer);
            }
        } catch (const Error& error) {
            bad(std::string("other nodes cannot be asked: ") + error.what());
        }
        out_.flush();
        return result_;
    }

  private:
    void bad(const std::string& line) {
        out_ << line << '\n';
        if (result_.code == 0) result_.code = Error::unavailable;
    }

    void tell(const KnownPeer& peer, const SurveyAnswer& answer) {
        const auto name = name_of(peer);
        if (!answer.reply) {
            const auto reachable = within_limit(
                [address = peer.address](std::stop_token) { return accepts_connections(address); });
            if (!reachable) result_.all_ended = false;
            if (reachable.value_or(false)) {
                return bad(name + ": accepts connections, but cannot be used: " + answer.error);
            }
            out_ << name << ": warning: not reached: " << answer.error << '\n';
            return;
        }
        const auto wrong = misfit(peer, answer.reply->from, settings_);
        if (!wrong.empty()) return bad(name + ": " + wrong);
        out_ << name << ": " << in_words(*answer.reply) << '\n';
    }

    PluginHost& host_;
    const Settings& settings_;
    const LoadedPlugins& plugins_;
    std::ostream& out_;
    ProbeResult result_;
};

}  // namespace

ProbeResult probe(PluginHost& host, const Settings& settings, const LoadedPlugins& plugins,
                  std::ostream& out) {
    return Probe(host, settings, plugins, out).take();
}

}  // namespace electiond
