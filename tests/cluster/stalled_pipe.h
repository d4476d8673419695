// A pipe that is full, and that nobody reads until the test wants to.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <system_error>

namespace electiond::cluster {

// One thread only.
class StalledPipe {
  public:
    static constexpr char kFiller = '\x01';  // not part of any log line
    // In bytes: four pages. A pipe of one page would count as full with one byte in it.
    static constexpr int kRoom = 16384;

    StalledPipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail("pipe2");
        if (::fcntl(ends_[1], F_SETPIPE_SZ, kRoom) < 0) fail("F_SETPIPE_SZ");
    }
    StalledPipe(const StalledPipe&) = delete;
    StalledPipe& operator=(const StalledPipe&) = delete;
    ~StalledPipe() {
        close_reader();
        close_writer();
    }

    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() { close(ends_[0]); }
    void close_writer() { close(ends_[1]); }

    // Fills the pipe completely. Uses its own file description, since O_NONBLOCK on the other one
    // would also apply to the tested program.
    void fill() const {
        const auto path = "/proc/self/fd/" + std::to_string(ends_[0]);
        const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (own < 0) fail(path);
        while (::write(own, &kFiller, 1) == 1) {
        }
        ::close(own);
    }

    // Reads until `enough` is true for everything read, until nothing arrives for `patience`, or
    // until the end; returns it without the filler.
    std::string read_until(const std::function<bool(const std::string&)>& enough,
                           std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
        std::string all;
        pollfd watched{ends_[0], POLLIN, 0};
        while (!enough(all) && ::poll(&watched, 1, static_cast<int>(patience.count())) > 0) {
            std::array<char, kRoom> buffer;
            const auto got = ::read(ends_[0], buffer.data(), buffer.size());
            if (got <= 0) break;
            all.append(buffer.data(), static_cast<std::size_t>(got));
            std::erase(all, kFiller);
        }
        return all;
    }
    // The present content.
    std::string read_rest() const {
        return read_until([](const auto&) { return false; }, std::chrono::milliseconds(0));
    }
    // Reads until the last writer has closed it.
    std::string read_to_end() const {
        return read_until([](const auto&) { return false; });
    }

  private:
    [[noreturn]] static void fail(const std::string& what) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }

    std::array<int, 2> ends_{-1, -1};
};

}  // namespace electiond::cluster
