// What one idle connection of core/io costs: memory of the process, and the time to let it in.
// idle_connections [COUNT], 5000 without it; needs two descriptors for each.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include <io/listener.h>

#include "../io/scene.h"

namespace electiond::io {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// Answers each piece of a request, and waits for the next one.
Async<> serve(std::shared_ptr<Connection> connection) {
    auto& stream = connection->stream();
    for (;;) {
        connection->set_use(Use::idle);
        const auto event = co_await stream.receive(Clock::now() + std::chrono::minutes(10));
        if (event != Stream::Event::bytes) co_return;
        connection->set_use(Use::busy);
        stream.send(stream.received());
        stream.consume(stream.received().size());
    }
}

std::size_t resident_kilobytes() {
    std::ifstream status("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    status >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

std::chrono::nanoseconds cpu() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + microseconds(time.tv_usec);
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

void measure(std::size_t count) {
    Loop loop([](const std::exception& error) { std::fprintf(stderr, "%s\n", error.what()); });
    auto socket = listen_on(Endpoint{"127.0.0.1", 0}, false, "bench");
    const auto port = listens_on(socket).port;
    Listener listener(loop, std::move(socket), Limits{.connections = count + 1}, serve);
    listener.start();
    loop.start();
    std::vector<scene::Client> clients;
    clients.reserve(count);
    const auto before = resident_kilobytes();
    const auto begun = cpu();
    for (std::size_t n = 0; n < count; ++n) {
        clients.emplace_back("127.0.0.1", port).say("one request, and then nothing more");
        (void)clients.back().hear(34);
    }
    const auto taken = cpu() - begun;
    const auto grown = resident_kilobytes() - before;
    std::printf("%zu idle connections: %.2f KiB each, %.1f us of CPU for connect and a request\n",
                count, static_cast<double>(grown) / static_cast<double>(count),
                static_cast<double>(duration_cast<microseconds>(taken).count()) /
                    static_cast<double>(count));
    loop.stop([&] {
        listener.close();
        listener.connections().cut_all();
    });
}

}  // namespace
}  // namespace electiond::io

int main(int count, char** words) {
    electiond::io::measure(count > 1 ? std::strtoul(words[1], nullptr, 10) : 5000);
}
