// Waits for the output of a program that a test has started.
#pragma once

#include <chrono>
#include <string>

#include <io/child.h>

namespace electiond::io {

// True as soon as the program has printed `text`; false if it has not within half a minute, or has
// ended without it.
[[nodiscard]] inline bool prints(Child& child, const std::string& text) {
    const auto printed = [&] { return child.output().find(text) != std::string::npos; };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!printed()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        if (child.wait(std::chrono::milliseconds(5))) return printed();
    }
    return true;
}

}  // namespace electiond::io
