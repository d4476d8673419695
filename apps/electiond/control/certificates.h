// The certificates with which the control API serves, and their replacement.
#pragma once

#include <io/tls.h>

#include <memory>
#include <mutex>
#include <utility>

namespace electiond {

// Any thread.
class Certificates {
  public:
    // Reads the files. Throws Error (config) that names key, file, fault and remedy.
    explicit Certificates(io::TlsSetup setup)
        : setup_(std::move(setup)), current_(io::TlsContext::load(setup_)) {}

    [[nodiscard]] std::shared_ptr<const io::TlsContext> current() const {
        const std::scoped_lock lock(mutex_);
        return current_;
    }

    // Reads the files again; current() returns the result from then on. Throws as the constructor,
    // and then keeps the old certificates. One thread at a time; blocks for the files.
    std::shared_ptr<const io::TlsContext> reload() {
        auto fresh = io::TlsContext::load(setup_);
        const std::scoped_lock lock(mutex_);
        current_ = fresh;
        return fresh;
    }

  private:
    const io::TlsSetup setup_;
    mutable std::mutex mutex_;
    std::shared_ptr<const io::TlsContext> current_;
};

}  // namespace electiond
