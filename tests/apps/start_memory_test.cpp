// What the start of the program alone needed is given back, and nothing else.
#include "start_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

namespace electiond {
namespace {

// From /proc/self/status, in kB.
long resident(const std::string& kind) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(kind + ":")) return std::stol(line.substr(kind.size() + 1));
    }
    return -1;
}

int written = 1;                           // in .data
const std::string* constructed = nullptr;  // in .bss, to the heap

TEST(StartMemory, GivesBackPagesOfFilesAndKeepsWhatWasWritten) {
    written = 2;
    const std::map<std::string, int> kept{{"a key that is too long to be in the node", 3}};
    const std::string text(100'000, 'x');
    constructed = &text;
    const auto before = resident("RssFile");
    ASSERT_GT(before, 0);
    release_start_memory();
    const auto after = resident("RssFile");
    EXPECT_LT(after, before);
    EXPECT_EQ(written, 2);
    EXPECT_EQ(kept.begin()->second, 3);
    EXPECT_EQ(constructed->find_first_not_of('x'), std::string::npos);
    // Exceptions, virtual calls and the linker's tables still work.
    EXPECT_THROW((void)std::stoi("none"), std::invalid_argument);
    release_start_memory();
}

}  // namespace
}  // namespace electiond
