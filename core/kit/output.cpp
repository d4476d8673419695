// Captures what a plugin writes to standard output and standard error.
#include "kit/output.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace electiond::kit {

CapturedOutput::CapturedOutput()
    : out_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)),
      err_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)),
      memory_(::memfd_create("output", MFD_CLOEXEC)) {
    ::dup2(memory_.get(), STDOUT_FILENO);
    ::dup2(memory_.get(), STDERR_FILENO);
}

CapturedOutput::~CapturedOutput() {
    std::fflush(nullptr);
    ::dup2(out_.get(), STDOUT_FILENO);
    ::dup2(err_.get(), STDERR_FILENO);
}

std::string CapturedOutput::text() const {
    std::fflush(nullptr);
    std::array<char, 200> bytes{};
    const auto count = ::pread(memory_.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace electiond::kit
