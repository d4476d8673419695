// The tables of symbols leave the memory, and libraries can be loaded and exceptions thrown all the
// same.
#include "symbol_tables.h"

#include <dlfcn.h>

#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace electiond {
namespace {

// kB in memory of the segment of a library that has its tables: the one at the beginning of the
// file.
int resident_tables(const std::string& library) {
    std::ifstream maps("/proc/self/smaps");
    bool found = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find(library) != std::string::npos) {
            found = line.find(" 00000000 ") != std::string::npos;
        } else if (found && line.starts_with("Rss:")) {
            const auto number = line.find_first_of("0123456789");
            return std::stoi(line.substr(number));
        }
    }
    ADD_FAILURE() << library << " has no such segment";
    return -1;
}

TEST(SymbolTables, LeaveTheMemory) {
    // A look-up of a name that nothing has reads tables of all libraries.
    EXPECT_EQ(::dlsym(RTLD_DEFAULT, "electiond_has_no_such_function"), nullptr);
    const int before = resident_tables("/libstdc++.so");

    give_back_symbol_tables();

    EXPECT_LT(resident_tables("/libstdc++.so"), before / 2);
}

TEST(SymbolTables, AreReadAgainWhenSomethingNeedsThem) {
    give_back_symbol_tables();

    EXPECT_NE(::dlsym(RTLD_DEFAULT, "malloc"), nullptr);
    EXPECT_THROW(throw std::runtime_error("to be caught"), std::runtime_error);
    auto* const library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
    EXPECT_NE(::dlsym(library, "sd_notify"), nullptr);
    give_back_symbol_tables();
    EXPECT_EQ(::dlclose(library), 0);
}

}  // namespace
}  // namespace electiond
