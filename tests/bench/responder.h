// A server that does nothing but answer, on the same engine as the daemon: what a machine and the
// engine cost without an election behind them.
#pragma once

#include <cstdint>

namespace electiond::cluster {

// Answers every request with 200 and {"index":1}, one with wait=Ns in its target after N seconds,
// and one that takes longer than 5 s to arrive with 408. Returns when SIGTERM comes.
void respond_at(std::uint16_t port);

}  // namespace electiond::cluster
