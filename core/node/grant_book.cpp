// Until when clients may rely on this node.
#include "node/grant_book.h"

#include <algorithm>

#include "node/status_board.h"

namespace electiond {

Milliseconds GrantBook::grant(const StatusBoard& board, Instant now, Milliseconds longest) {
    std::uint64_t word = word_.load();
    const std::uint64_t generation = word & kGeneration;
    for (;;) {
        if ((word & kClosed) != 0 || (word & kGeneration) != generation) return Milliseconds{0};
        const auto status = board.read();
        if (!status->leads_at(now)) return Milliseconds{0};
        const Instant end = std::min<Instant>(now + longest, status->leadership.lease_until);
        const auto valid = std::chrono::floor<Milliseconds>(less_drift(end - now));
        const auto until =
            static_cast<std::uint64_t>(std::chrono::ceil<Tick>(end.time_since_epoch()).count());
        const std::uint64_t next = generation | std::max(until, word & kUntil);
        if (word_.compare_exchange_weak(word, next)) return valid;
    }
}

void GrantBook::open() {
    std::uint64_t word = word_.load();
    std::uint64_t next = 0;
    do {
        next = ((word & kGeneration) + (kClosed << 1)) | (word & kUntil);
    } while (!word_.compare_exchange_weak(word, next));
}

Instant GrantBook::close() {
    const std::uint64_t word = word_.fetch_or(kClosed);
    return Instant(
        std::chrono::duration_cast<Duration>(Tick(static_cast<Tick::rep>(word & kUntil))));
}

bool GrantBook::closed() const { return (word_.load() & kClosed) != 0; }

}  // namespace electiond
