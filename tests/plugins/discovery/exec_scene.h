// The discovery `exec` with programs that a test writes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "discovery_bench.h"
#include "lines.h"

namespace electiond::bench {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

inline constexpr char kOne[] = R"(echo '{"id":"a","address":"127.0.0.1:4001"}')";

inline bool dead(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return true;
    return line.at(line.rfind(')') + 2) == 'Z';
}

class Programs : public testing::Test {
  protected:
    // A script of the shell, as a file that can be run.
    std::string script(const std::string& name, const std::string& body,
                       const std::string& first_line = "#!/bin/sh") {
        const auto file = folder_ / name;
        write(file, first_line + "\n" + body + "\n");
        EXPECT_EQ(::chmod(file.c_str(), 0755), 0);
        return file.string();
    }

    [[nodiscard]] std::unique_ptr<Discovery> made(OptionMap options) {
        return make("exec", std::move(options), "demo", folder_.path(), lines_.log());
    }

    // With short times, so that a test need not wait.
    [[nodiscard]] std::unique_ptr<Discovery> lister(const std::string& body,
                                                    const std::string& timeout = "30s",
                                                    const std::string& interval = "100ms") {
        return made({{"command", list({script("list", body), folder_.path().string()})},
                     {"timeout", text(timeout)},
                     {"interval", text(interval)}});
    }

    [[nodiscard]] static std::string poll_fault(Discovery& discovery) {
        return fault([&] { (void)discovery.poll(); });
    }

    [[nodiscard]] std::string written(const std::string& name) const {
        return read(folder_ / name);
    }

    // The number in a file that a program has written.
    [[nodiscard]] int process_in(const std::string& name) const {
        return std::stoi("0" + written(name));
    }

    Folder folder_;
    Lines lines_;
};

// Requests the stop a moment after `act` has begun; returns how long `act` took after that.
inline milliseconds stopped_after(const std::function<void(std::stop_token)>& act) {
    std::stop_source stop;
    Clock::time_point requested;
    {
        const std::jthread stopper([&] {
            ::poll(nullptr, 0, 200);
            requested = Clock::now();
            stop.request_stop();
        });
        act(stop.get_token());
    }
    return std::chrono::duration_cast<milliseconds>(Clock::now() - requested);
}

}  // namespace electiond::bench
