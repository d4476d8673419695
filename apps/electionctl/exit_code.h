// The exit codes; the numbers are those of sysexits.h, and part of the contract
// (docs/interface.md).
#pragma once

namespace electiond::ctl {

enum ExitCode : int {
    kDone = 0,
    kRefused = 1,  // or failed; of is-leader: does not lead
    kUnknown = 2,  // of is-leader alone
    kUsage = 64,
    kUnreachable = 69,
    kInternal = 70,
    kSystem = 71,  // the operating system refused, for example to create a process
    kTimedOut = 75,
};

}  // namespace electiond::ctl
