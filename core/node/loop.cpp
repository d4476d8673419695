// The thread that owns the Node.
#include "node/loop.h"

#include "node/clock.h"

namespace electiond {

void Loop::start() {
    thread_ = std::thread([this] { run(); });
}

void Loop::stop() noexcept {
    mailbox_.close();
    if (thread_.joinable()) thread_.join();
}

void Loop::run() try {
    while (!mailbox_.closed()) {
        auto event = mailbox_.take_until(node_.deadline());
        const Instant now = read_boot_clock();
        if (event) {
            node_.handle(now, std::move(*event));
        } else if (!mailbox_.closed()) {
            node_.tick(now);
        }
    }
} catch (const std::exception& error) {
    fatal_(error);
}

}  // namespace electiond
