// What a plugin writes to standard output and standard error, which it must not.
#pragma once

#include <string>

#include <io/descriptor.h>

namespace electiond::kit {

// From construction to destruction both streams go into memory.
class CapturedOutput {
  public:
    CapturedOutput();
    CapturedOutput(const CapturedOutput&) = delete;
    CapturedOutput& operator=(const CapturedOutput&) = delete;
    ~CapturedOutput();

    [[nodiscard]] std::string text() const;  // its first 200 bytes

  private:
    io::Descriptor out_, err_;  // where they went before
    io::Descriptor memory_;
};

}  // namespace electiond::kit
