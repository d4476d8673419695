// Wakes a thread that waits in poll(2).
#pragma once

#include <io/descriptor.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace electiond::ctl {

// handle() is readable from ring() until the next clear(). Any thread.
class Bell {
  public:
    // Throws std::system_error.
    Bell() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!event_.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    void ring() const {
        const std::uint64_t one = 1;
        (void)!::write(event_.get(), &one, sizeof one);
    }
    void clear() const {
        std::uint64_t count = 0;
        (void)!::read(event_.get(), &count, sizeof count);
    }
    [[nodiscard]] int handle() const { return event_.get(); }

  private:
    io::Descriptor event_;
};

}  // namespace electiond::ctl
