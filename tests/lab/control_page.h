// The page by which a test steers the library that stands between a node and its system.
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

    // What is put before a program for it to have the library.
    [[nodiscard]] std::vector<std::string> command() const;

  private:
    std::filesystem::path file_;
    Control* page_;
};

}  // namespace electiond::lab
