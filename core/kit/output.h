// Captures what a plugin writes to standard output and standard error: it must write nothing.
#pragma once

#include <string>

#include <io/descriptor.h>

namespace electiond::kit {

// As long as it lives, both streams are written to memory.
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
