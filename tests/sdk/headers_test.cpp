// Each header of the SDK compiles by itself, without a warning, with GCC and with clang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "folder.h"
#include "process.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

const fs::path kSdk = fs::path(ELECTIOND_SOURCE) / "core/sdk";

std::vector<std::string> headers() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kSdk / "electiond")) {
        names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

// What `compiler` says of `text`; empty if it is content. Skips the test if it is not installed.
void expect_compiles(const std::string& compiler, const std::string& text) {
    if (compiler.ends_with("-NOTFOUND")) GTEST_SKIP() << "this compiler is not installed";
    const cluster::Folder folder;
    const auto file = folder / "source.cpp";
    cluster::write(file, text);
    const auto finished = cluster::run(
        {compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
         "-Wshadow", "-Wnon-virtual-dtor", "-Werror", "-I", kSdk.string(), file.string()});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_EQ(finished.said, "");
}

class Headers : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Headers, CompileAlone) {
    const auto& [compiler, header] = GetParam();
    const auto include = "#include <electiond/" + header + ">\n";
    expect_compiles(compiler, include + include);
}

// GCC first, then clang; "…-NOTFOUND" for one that is not there.
std::vector<std::string> compilers() { return {GXX, CLANGXX}; }

INSTANTIATE_TEST_SUITE_P(Sdk, Headers,
                         testing::Combine(testing::ValuesIn(compilers()),
                                          testing::ValuesIn(headers())),
                         [](const auto& test) {
                             auto name = std::get<1>(test.param);
                             std::ranges::replace(name, '.', '_');
                             return name + (std::get<0>(test.param) == GXX ? "_gcc" : "_clang");
                         });

class WholePlugin : public testing::TestWithParam<std::string> {};

// The first block of C++ in the page.
std::string plugin_of_the_page() {
    const auto page = cluster::read(fs::path(ELECTIOND_SOURCE) / "docs/writing-a-plugin.md");
    const std::string opening = "```cpp\n";
    const auto begin = page.find(opening) + opening.size();
    return page.substr(begin, page.find("```", begin) - begin);
}

TEST_P(WholePlugin, OfThePageCompiles) {
    const auto plugin = plugin_of_the_page();
    EXPECT_THAT(plugin, testing::HasSubstr("ELECTIOND_DISCOVERY_PLUGIN("));
    expect_compiles(GetParam(), plugin);
}

TEST_P(WholePlugin, OfATransportCompiles) {
    const auto guest =
        cluster::read(fs::path(ELECTIOND_SOURCE) / "tests/host/guests/strict_transport.cpp");
    expect_compiles(GetParam(), "#define GUEST_NAME \"strict\"\n" + guest);
}

INSTANTIATE_TEST_SUITE_P(Sdk, WholePlugin, testing::ValuesIn(compilers()), [](const auto& test) {
    return std::string(test.param == GXX ? "gcc" : "clang");
});

}  // namespace
}  // namespace electiond
