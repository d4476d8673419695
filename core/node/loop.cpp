// The thread that owns the Node.
#include "node/loop.h"

#include "node/clock.h"

namespace electiond {

void Loop::start() {
    pulse_.works_since(read_boot_clock());  // a thread that never runs is late from now on
    thread_ = std::thread([this] { run(); });
}

void Loop::stop() noexcept {
    mailbox_.close();
    if (thread_.joinable()) thread_.join();
    pulse_.stopped();
}

void Loop::run() try {
    while (!mailbox_.closed()) {
        const Instant deadline = node_.deadline();
        pulse_.sleeps_until(deadline);
        auto event = mailbox_.take_until(deadline);
        const Instant now = read_boot_clock();
        pulse_.works_since(now);
        counters_.events.add();
        if (now > deadline) {
            counters_.late_ns.add(static_cast<std::uint64_t>((now - deadline).count()));
        }
        if (event) {
            node_.handle(now, std::move(*event));
        } else if (!mailbox_.closed()) {
            node_.tick(now);
        }
    }
    node_.finish();
} catch (const std::exception& error) {
    fatal_(error);
}

}  // namespace electiond
