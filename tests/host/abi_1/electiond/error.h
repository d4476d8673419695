// The two kinds of wrong a program can do something about: the operator's (Error) and ours
// (ENSURE).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#define ELECTIOND_EXPORT __attribute__((visibility("default")))

namespace electiond {

// What only the operator can mend: a setting, a plugin, a port, a file. `what()` is a whole
// sentence that names the place (file:line:column or path), the key, the value found, and the
// remedy. The daemon turns it into the sysexits code it carries. Safe to throw from a plugin's
// factory and from every call of a plugin that is not marked noexcept.
class ELECTIOND_EXPORT Error : public std::runtime_error {
  public:
    enum Code : int { refused = 1, data = 65, unavailable = 69, os = 71, disk = 74, config = 78 };

    explicit Error(const std::string& sentence, Code code = config)
        : std::runtime_error(sentence), code_(code) {}

    [[nodiscard]] Code code() const noexcept { return code_; }

  private:
    Code code_;
};

// Called by ENSURE alone: says which invariant broke and ends the process with exit code 70.
// No destructor runs: whoever finds its own state broken must not write any more of it.
[[noreturn]] inline void broken_invariant(const char* condition, const char* file,
                                          int line) noexcept {
    std::fprintf(stderr,
                 "electiond: broken invariant: %s (%s:%d); this is a bug, please report it\n",
                 condition, file, line);
    std::fflush(stderr);
    std::_Exit(70);
}

}  // namespace electiond

// A condition that only a bug can make false. On in release builds, too.
#define ENSURE(cond)                                                           \
    do {                                                                       \
        if (!(cond)) ::electiond::broken_invariant(#cond, __FILE__, __LINE__); \
    } while (false)
