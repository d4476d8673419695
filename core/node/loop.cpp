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
    while (!mailbox_.closed()) turn();
    node_.finish();
} catch (const std::exception& error) {
    fatal_(error);
}

// Sleeps until there is something to do, and does it.
void Loop::turn() {
    deadline_ = node_.deadline();
    pulse_.sleeps_until(deadline_);
    auto event = mailbox_.take_until(deadline_, [this](Event& each) { return handle_here(each); });
    if (thrown_) std::rethrow_exception(thrown_);
    const Instant now = read_boot_clock();
    pulse_.works_since(now);
    counters_.events.add();
    if (now > deadline_) {
        counters_.late_ns.add(static_cast<std::uint64_t>((now - deadline_).count()));
    }
    if (node_.has_rest()) node_.do_rest(now);
    if (event) {
        node_.handle(now, std::move(*event));
    } else if (!mailbox_.closed()) {
        node_.tick(now);
    }
}

// On another thread, while this one sleeps.
std::optional<Instant> Loop::handle_here(Event& event) noexcept try {
    const Instant now = read_boot_clock();
    pulse_.works_since(now);
    if (!node_.handle_briefly(now, event)) return std::nullopt;  // the loop works on it since now
    if (node_.has_rest()) return deadline_ = now;
    counters_.events.add();
    deadline_ = node_.deadline();
    pulse_.sleeps_until(deadline_);
    return deadline_;
} catch (...) {
    thrown_ = std::current_exception();
    return deadline_ = Instant{};
}

}  // namespace electiond
