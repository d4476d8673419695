// An open file, socket or pipe that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace electiond::io {

// Owns a file descriptor, or none (-1). Movable; one thread at a time.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    // The descriptor that was open here until now is closed when `other` goes out of scope.
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }

    [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int get() const noexcept { return number_; }
    // Gives up ownership: the caller must close it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

  private:
    int number_ = -1;
};

}  // namespace electiond::io
