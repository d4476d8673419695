// Keeps the house in order: who may include whom, who may read clocks, a job in every first line.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace electiond {
namespace {

namespace fs = std::filesystem;

struct Source {
    std::string path;  // from the project's root
    std::string text;
};

const std::vector<Source>& sources() {
    static const auto all = [] {
        std::vector<Source> found;
        for (const auto* top : {"core", "plugins", "apps", "tests"}) {
            for (const auto& entry :
                 fs::recursive_directory_iterator(fs::path(ELECTIOND_SOURCE) / top)) {
                const auto extension = entry.path().extension();
                if (extension != ".h" && extension != ".cpp") continue;
                std::ostringstream text;
                text << std::ifstream(entry.path()).rdbuf();
                found.push_back(
                    {fs::relative(entry.path(), ELECTIOND_SOURCE).string(), text.str()});
            }
        }
        return found;
    }();
    return all;
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
        found.push_back((*at)[1].str());
    }
    return found;
}

// The floor table of docs/architecture.md, section 2: a room and what it may include of ours.
// Everyone may include the SDK, which is written <electiond/…>.
const std::map<std::string, std::set<std::string>> kFloors = {
    {"core/sdk", {}},
    {"core/io", {"io"}},
    {"core/election", {"election"}},
    {"core/host", {"host"}},
    {"core/wire", {"wire", "election"}},
    {"core/storage", {"storage", "election/durable.h"}},
    {"core/node", {"node", "wire", "election"}},
};

// Who may include core/io, which is written <io/…>: these, and of storage just the owned
// descriptor.
const std::vector<std::string> kIoUsers = {"core/io/", "core/host/", "plugins/", "apps/", "tests/"};
constexpr const char* kStorageMayUse = "io/descriptor.h";

// What core/io may include of the SDK, and nothing else of ours.
const std::set<std::string> kIoMayUse = {"electiond/peer.h", "electiond/error.h",
                                         "electiond/log.h"};

// Foreign libraries, by the first part of the include, and the rooms that may see them.
const std::map<std::string, std::vector<std::string>> kForeign = {
    {"Poco/", {"core/storage/", "plugins/", "apps/", "tests/"}},
    {"boost/", {"core/host/library.cpp"}},
    {"yaml-cpp/", {"apps/electiond/settings/"}},
    {"simdjson", {"core/wire/fields."}},
    {"ncurses", {"apps/electionctl/"}},
};

bool starts_with_any(const std::string& text, const std::vector<std::string>& starts) {
    return std::ranges::any_of(starts, [&](const auto& start) { return text.starts_with(start); });
}

TEST(House, EveryFileSaysItsJobInItsFirstLine) {
    for (const auto& source : sources()) {
        EXPECT_TRUE(source.text.starts_with("// ")) << source.path;
    }
}

TEST(House, CoreRoomsIncludeOnlyWhatTheFloorTableAllows) {
    for (const auto& source : sources()) {
        for (const auto& [room, allowed] : kFloors) {
            if (!source.path.starts_with(room + "/")) continue;
            for (const auto& include : matches(source.text, "#include \"([^\"]+)\"")) {
                const auto first = include.substr(0, include.find('/'));
                EXPECT_TRUE(allowed.contains(first) || allowed.contains(include))
                    << source.path << " includes " << include;
            }
        }
    }
}

TEST(House, PluginsAndTheClientSeeNothingOfTheCore) {
    for (const auto& source : sources()) {
        if (!starts_with_any(source.path, {"plugins/", "apps/electionctl/"})) continue;
        for (const auto& include : matches(source.text, "#include \"([^\"]+)\"")) {
            const auto first = include.substr(0, include.find('/'));
            for (const auto* room : {"election", "host", "wire", "storage", "node"}) {
                EXPECT_NE(first, room) << source.path << " includes " << include;
            }
        }
    }
}

TEST(House, OnlyThoseWhoMayUseIoAndItKnowsNothingOfThem) {
    for (const auto& source : sources()) {
        const bool in_io = source.path.starts_with("core/io/");
        for (const auto& include : matches(source.text, "#include [<\"]([^>\"]+)[>\"]")) {
            if (include.starts_with("io/")) {
                EXPECT_TRUE(starts_with_any(source.path, kIoUsers) ||
                            (source.path.starts_with("core/storage/") && include == kStorageMayUse))
                    << source.path << " includes " << include;
            }
            if (in_io && include.starts_with("electiond/")) {
                EXPECT_TRUE(kIoMayUse.contains(include)) << source.path << " includes " << include;
            }
        }
    }
}

TEST(House, ProgramsAreRunInOneWay) {
    const std::regex another("[^_a-z](v?fork|popen|posix_spawnp?|system)\\(");
    for (const auto& source : sources()) {
        if (source.path.starts_with("tests/") || source.path == "core/io/io/child.cpp") continue;
        std::smatch found;
        EXPECT_FALSE(std::regex_search(source.text, found, another))
            << source.path << " calls " << found.str() << ": use io/child.h";
    }
}

TEST(House, ForeignLibrariesStayInTheirRooms) {
    for (const auto& source : sources()) {
        for (const auto& include : matches(source.text, "#include <([^>]+)>")) {
            for (const auto& [library, rooms] : kForeign) {
                if (!include.starts_with(library)) continue;
                EXPECT_TRUE(starts_with_any(source.path, rooms))
                    << source.path << " includes " << include;
            }
        }
    }
}

TEST(House, TheElectionHasNoClockThreadSocketFileLogOrGlobalChance) {
    const std::regex forbidden(
        "<(thread|mutex|atomic|condition_variable|fstream|iostream|cstdio|random|ctime|unistd\\.h|"
        "sys/[a-z]+\\.h|electiond/log\\.h)>|::now\\(\\)|steady_clock|system_clock|random_device|"
        "clock_gettime|[^_]time\\(");
    for (const auto& source : sources()) {
        if (!source.path.starts_with("core/election/")) continue;
        std::smatch found;
        EXPECT_FALSE(std::regex_search(source.text, found, forbidden))
            << source.path << ": " << found.str();
    }
}

TEST(House, OnlyTheEdgesReadTheBootClock) {
    for (const auto& source : sources()) {
        if (!source.path.starts_with("core/")) continue;
        if (source.text.find("read_boot_clock()") == std::string::npos) continue;
        EXPECT_TRUE(starts_with_any(
            source.path, {"core/node/clock.h", "core/node/loop.cpp", "core/node/scout.cpp"}))
            << source.path;
    }
}

TEST(House, NobodyNapsWhereAConditionCouldBeAwaited) {
    const std::regex nap("sleep_for|sleep_until|usleep|nanosleep|[^_a-z]sleep\\(");
    for (const auto& source : sources()) {
        if (!starts_with_any(source.path, {"core/", "plugins/transport/", "apps/electiond/"}))
            continue;
        EXPECT_FALSE(std::regex_search(source.text, nap)) << source.path;
    }
}

}  // namespace
}  // namespace electiond
