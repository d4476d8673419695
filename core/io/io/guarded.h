// Reports what a task or coroutine throws, so that the loop goes on.
#pragma once

#include <exception>
#include <functional>
#include <stdexcept>

namespace electiond::io {

// Called on the loop's thread with each exception that leaves a task or a coroutine, which is a bug
// of theirs.
using Failed = std::function<void(const std::exception&)>;

template <class Act>
void guarded(const Failed& failed, const Act& act) try {
    act();
} catch (const std::exception& error) {
    failed(error);
} catch (...) {
    failed(std::runtime_error("it threw something that is not a std::exception"));
}

}  // namespace electiond::io
