// What one idle connection of the control API costs in memory: in plain text, over TLS, and over
// TLS with a certificate of the client. api_connections [COUNT [MB]]: COUNT is 1000 without it;
// fails if those over TLS, without a certificate of the client, cost more than MB. Each server and
// its clients are processes of their own, so that only the server is measured, and none finds
// memory that another has freed.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <io/descriptor_limit.h>

#include "../apps/control_tls_scene.h"

namespace electiond::testing {
namespace {

std::size_t resident_bytes() {
    std::ifstream status("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    status >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct Pipe {
    Pipe() {
        int ends[2];
        if (::pipe(ends) != 0) std::exit(71);
        out = io::Descriptor(ends[0]);
        in = io::Descriptor(ends[1]);
    }
    io::Descriptor out, in;
};

// In the process of the clients: opens them, reports, and keeps them until the server hangs up.
void be_clients(std::size_t count, const Pipe& from_server, const Pipe& to_server,
                const std::shared_ptr<const io::TlsContext>& context) {
    std::uint16_t port = 0;
    if (::read(from_server.out.get(), &port, sizeof port) != sizeof port) ::_exit(1);
    const Endpoint to{"127.0.0.1", port};
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t n = 0; n < count; ++n) {
        clients.push_back(context ? std::make_unique<SecureClient>(to, context)
                                  : std::make_unique<Client>(to));
        if (!clients.back()->send(request("GET /history")).answer().starts_with("HTTP/1.1 200")) {
            ::_exit(1);
        }
    }
    const char done = 'd';
    if (::write(to_server.in.get(), &done, 1) != 1) ::_exit(1);
    char end = 0;
    (void)!::read(from_server.out.get(), &end, 1);
    ::_exit(0);
}

// Serves `count` clients; returns how many bytes each costs, or 0 if they could not all be served.
double serve(std::size_t count, const std::optional<Settings::ApiTls>& tls,
             const std::shared_ptr<const io::TlsContext>& context) {
    Pipe to_clients, from_clients;
    const auto clients = ::fork();
    if (clients == 0) {
        to_clients.in = io::Descriptor();
        be_clients(count, to_clients, from_clients, context);
    }
    from_clients.in = io::Descriptor();
    ControlBench bench;
    // An answer of some 10 KB, which must not stay with a connection that is idle.
    for (Term term = 1; term <= 32; ++term) {
        bench.journal.note(bench.now,
                           LeaderGained{.leader = {NodeUuid("uuid-1"), NodeId("1"), term}});
    }
    auto dependencies = bench.dependencies();
    dependencies.now = read_boot_clock;
    ControlRoutes routes(std::move(dependencies));
    ApiLimits limits;
    limits.connections = count + 1;
    ControlServer server({Endpoint{"127.0.0.1", 0}}, limits, Log{}, tls);
    server.start(routes);
    const auto before = resident_bytes();
    const auto port = server.endpoints().front().port;
    char done = 0;
    const bool served = ::write(to_clients.in.get(), &port, sizeof port) == sizeof port &&
                        ::read(from_clients.out.get(), &done, 1) == 1;
    const auto grown = resident_bytes() - before;
    to_clients.in = io::Descriptor();
    ::waitpid(clients, nullptr, 0);
    return served ? static_cast<double>(grown) / static_cast<double>(count) : 0;
}

// The same in a process of its own.
double cost(std::size_t count, const std::optional<Settings::ApiTls>& tls,
            const std::shared_ptr<const io::TlsContext>& context) {
    Pipe result;
    const auto server = ::fork();
    double bytes = 0;
    if (server == 0) {
        bytes = serve(count, tls, context);
        ::_exit(::write(result.in.get(), &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
    }
    result.in = io::Descriptor();
    if (::read(result.out.get(), &bytes, sizeof bytes) != sizeof bytes) bytes = 0;
    ::waitpid(server, nullptr, 0);
    return bytes;
}

int measure(std::size_t count, double limit_mb) {
    if (io::raise_descriptor_limit() < count + 200) {
        std::fprintf(stderr, "the limit of descriptors (ulimit -n) is too low\n");
        return 71;
    }
    TestCa ca;
    const auto own = ca.issue({.names = {"IP:127.0.0.1"}});
    const auto shown = ca.issue({.names = {"URI:electiond://demo/role/operator"}});
    const auto nameless = io::TlsContext::load({.ca = ca.file()});
    const auto named =
        io::TlsContext::load({.cert = shown.cert, .key = shown.key, .ca = ca.file()});
    const auto plain = cost(count, std::nullopt, nullptr);
    const auto secure = cost(count, Settings::ApiTls{own.cert, own.key, {}}, nameless);
    const auto mutual = cost(count, Settings::ApiTls{own.cert, own.key, ca.file()}, named);
    if (plain == 0 || secure == 0 || mutual == 0) {
        std::fprintf(stderr, "not every client was served\n");
        return 1;
    }
    const auto megabytes = [&](double each) { return each * static_cast<double>(count) / 1e6; };
    std::printf(
        "%zu idle connections of the API: %.0f bytes each in plain text, %.0f over TLS "
        "(%.1f MB), %.0f with a certificate of the client (%.1f MB)\n",
        count, plain, secure, megabytes(secure), mutual, megabytes(mutual));
    return limit_mb > 0 && megabytes(secure) > limit_mb ? 1 : 0;
}

}  // namespace
}  // namespace electiond::testing

int main(int count, char** words) {
    return electiond::testing::measure(count > 1 ? std::strtoul(words[1], nullptr, 10) : 1000,
                                       count > 2 ? std::strtod(words[2], nullptr) : 0);
}
