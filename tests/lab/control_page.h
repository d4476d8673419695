// The shared page by which a test controls the library that intercepts system calls of a node.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "control.h"

namespace electiond::lab {

// In a file that is made here; shared with every process that runs through command(). One thread.
class ControlPage {
  public:
    explicit ControlPage(const std::filesystem::path& file);
    ControlPage(const ControlPage&) = delete;
    ControlPage& operator=(const ControlPage&) = delete;
    ~ControlPage();

    [[nodiscard]] Control& operator*() const { return *page_; }
    [[nodiscard]] Control* operator->() const { return page_; }

    // The prefix of a command that loads the library into a program.
    [[nodiscard]] std::vector<std::string> command() const;

  private:
    std::filesystem::path file_;
    Control* page_;
};

}  // namespace electiond::lab
