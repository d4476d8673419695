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

#include <gmock/gmock.h>
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
    {"core/registry", {"registry"}},
    {"core/election", {"election"}},
    {"core/host", {"host"}},
    {"core/kit", {"kit", "host"}},
    {"core/wire", {"wire", "election"}},
    {"core/storage", {"storage", "election/durable.h", "wire/writer.h"}},
    {"core/node", {"node", "wire", "election"}},
    {"apps/kit", {"common", "host", "kit", "settings", "words.h"}},
};

// Who may include core/io, which is written <io/…>: these, and of storage just the owned descriptor
// and the question whether a folder may be written.
const std::vector<std::string> kIoUsers = {"core/io/", "core/host/", "core/kit/", "core/registry/",
                                           "plugins/", "apps/",      "tests/"};
const std::set<std::string> kStorageMayUse = {"io/descriptor.h", "io/file_access.h"};

// Who may include core/registry, which is written <registry/…>.
const std::vector<std::string> kRegistryUsers = {"core/registry/",
                                                 "plugins/discovery/file_registry/",
                                                 "apps/electionctl/registry_verbs.cpp", "tests/"};

// What core/io may include of the SDK, and nothing else of ours.
const std::set<std::string> kIoMayUse = {"electiond/peer.h", "electiond/error.h", "electiond/log.h",
                                         "electiond/limits.h", "electiond/remedy.h"};

// Foreign libraries, by the beginning of the include, and the rooms that may see them. The longest
// beginning counts: of Boost, core/io has single headers of Asio and nothing else.
const std::map<std::string, std::vector<std::string>> kForeign = {
    {"ares", {"plugins/discovery/dns/"}},
    {"Poco/", {"core/storage/slot.cpp", "core/registry/", "plugins/", "apps/", "tests/"}},
    {"boost/", {"core/host/library.cpp"}},
    {"boost/asio/", {"core/io/"}},
    {"openssl/", {"core/io/", "apps/electionctl/certificate_maker.cpp", "tests/support/"}},
    {"io/openssl.h", {"core/io/"}},  // shows OpenSSL
    {"yaml-cpp/", {"apps/electiond/settings/", "tests/kubernetes/"}},
    {"simdjson", {"core/wire/fields.", "core/storage/record.cpp"}},
    {"curses", {"apps/electionctl/"}},
    {"ncurses", {"apps/electionctl/"}},
    {"curl/", {"plugins/discovery/etcd/http.cpp"}},
    {"systemd/", {"apps/electiond/libsystemd.cpp"}},
};

bool starts_with_any(const std::string& text, const std::vector<std::string>& starts) {
    return std::ranges::any_of(starts, [&](const auto& start) { return text.starts_with(start); });
}

using Faults = std::vector<std::string>;

void core_faults(const Source& source, const std::string& include, Faults& faults) {
    const auto first = include.substr(0, include.find('/'));
    for (const auto& [room, allowed] : kFloors) {
        if (!source.path.starts_with(room + "/")) continue;
        if (!allowed.contains(first) && !allowed.contains(include)) faults.push_back(include);
    }
    if (starts_with_any(source.path, {"plugins/", "apps/electionctl/"}) &&
        std::set<std::string>{"election", "host", "wire", "storage", "node"}.contains(first)) {
        faults.push_back(include);
    }
    if (first == "kit" && !starts_with_any(source.path, {"core/kit/", "apps/kit/", "tests/"})) {
        faults.push_back(include);
    }
}

void io_faults(const Source& source, const std::string& include, Faults& faults) {
    if (include.starts_with("io/") && !starts_with_any(source.path, kIoUsers) &&
        !(source.path.starts_with("core/storage/") && kStorageMayUse.contains(include))) {
        faults.push_back(include);
    }
    if (include.starts_with("registry/") && !starts_with_any(source.path, kRegistryUsers)) {
        faults.push_back(include);
    }
    if (source.path.starts_with("core/io/") && include.starts_with("electiond/") &&
        !kIoMayUse.contains(include)) {
        faults.push_back(include);
    }
}

void foreign_faults(const Source& source, const std::string& include, Faults& faults) {
    const std::vector<std::string>* rooms = nullptr;
    for (const auto& [library, its_rooms] : kForeign) {  // in order: the longer one comes later
        if (include.starts_with(library)) rooms = &its_rooms;
    }
    if (rooms != nullptr && !starts_with_any(source.path, *rooms)) faults.push_back(include);
}

// The includes of a file that the floor table forbids.
Faults include_faults(const Source& source) {
    Faults faults;
    for (const auto& include : matches(source.text, "#include \"([^\"]+)\"")) {
        core_faults(source, include, faults);
    }
    for (const auto& include : matches(source.text, "#include [<\"]([^>\"]+)[>\"]")) {
        io_faults(source, include, faults);
        foreign_faults(source, include, faults);
    }
    return faults;
}

TEST(House, FilesIncludeOnlyWhatTheFloorTableAllows) {
    for (const auto& source : sources()) {
        for (const auto& fault : include_faults(source)) {
            ADD_FAILURE() << source.path << " includes " << fault;
        }
    }
}

TEST(House, APlantedWrongIncludeIsFound) {
    struct Case {
        const char* path;
        const char* include;
        bool wrong;
    };
    const std::vector<Case> cases = {
        {"core/election/lead.cpp", "\"node/node.h\"", true},
        {"core/election/lead.cpp", "\"election/term.h\"", false},
        {"core/storage/slot.cpp", "\"election/election.h\"", true},
        {"core/storage/slot.cpp", "<io/descriptor.h>", false},
        {"core/storage/slot.cpp", "<io/stream.h>", true},
        {"core/node/node.cpp", "<curses.h>", true},
        {"apps/electionctl/top.cpp", "<curses.h>", false},
        {"core/node/loop.cpp", "<io/loop.h>", true},
        {"core/wire/fields.cpp", "<io/http1.h>", true},
        {"core/host/probe.cpp", "<io/child.h>", false},
        {"core/host/probe.cpp", "\"kit/run.h\"", true},
        {"core/kit/run.cpp", "\"host/library.h\"", false},
        {"core/kit/run.cpp", "\"node/node.h\"", true},
        {"apps/electionctl/plugin_check.cpp", "\"kit/run.h\"", true},
        {"apps/electiond/main.cpp", "\"kit/run.h\"", true},
        {"apps/kit/words.cpp", "\"kit/run.h\"", false},
        {"apps/kit/words.cpp", "\"node/node.h\"", true},
        {"plugins/transport/tcp/tcp.cpp", "\"kit/run.h\"", true},
        {"plugins/transport/tcp/tcp.cpp", "<io/stream.h>", false},
        {"plugins/transport/tcp/tcp.cpp", "\"wire/codec.h\"", true},
        {"apps/electiond/control/server.cpp", "<io/listener.h>", false},
        {"apps/electionctl/main.cpp", "<io/child.h>", false},
        {"apps/electionctl/main.cpp", "<registry/files.h>", true},
        {"apps/electionctl/registry_verbs.cpp", "<registry/files.h>", false},
        {"plugins/discovery/file_registry/reader.cpp", "<registry/files.h>", false},
        {"plugins/discovery/multicast/channel.cpp", "<registry/files.h>", true},
        {"core/node/node.cpp", "<registry/files.h>", true},
        {"core/registry/registry/files.cpp", "<io/descriptor.h>", false},
        {"core/registry/registry/files.cpp", "\"node/node.h\"", true},
        {"apps/electionctl/main.cpp", "\"node/status.h\"", true},
        {"core/io/io/stream.cpp", "<electiond/limits.h>", false},
        {"core/io/io/stream.cpp", "<electiond/transport.h>", true},
        {"core/io/io/stream.cpp", "\"election/term.h\"", true},
        {"core/io/io/stream.cpp", "<Poco/Net/Socket.h>", true},
        {"core/io/io/stream.cpp", "<boost/asio/post.hpp>", false},
        {"core/io/io/stream.cpp", "<boost/asio.hpp>", true},
        {"core/io/io/stream.cpp", "<boost/dll.hpp>", true},
        {"core/io/io/tls.cpp", "<openssl/ssl.h>", false},
        {"plugins/transport/http/http.cpp", "<boost/asio/post.hpp>", true},
        {"plugins/discovery/dns/message.cpp", "<ares.h>", false},
        {"plugins/discovery/multicast/check.cpp", "<ares.h>", true},
        {"apps/electiond/control/server.cpp", "<boost/asio/ip/tcp.hpp>", true},
        {"apps/electiond/control/server.cpp", "<openssl/ssl.h>", true},
        {"apps/electionctl/certificate_maker.cpp", "<openssl/x509v3.h>", false},
        {"apps/electionctl/certificate_maker.h", "<openssl/x509v3.h>", true},
        {"apps/electionctl/dialer.cpp", "<openssl/ssl.h>", true},
        {"apps/electionctl/dialer.cpp", "<io/openssl.h>", true},
        {"tests/support/test_ca.cpp", "<openssl/x509v3.h>", false},
        {"tests/io/tls_test.cpp", "<openssl/ssl.h>", true},
        {"plugins/transport/http/http.cpp", "<openssl/ssl.h>", true},
        {"plugins/discovery/etcd/http.cpp", "<curl/curl.h>", false},
        {"plugins/discovery/etcd/gateway.cpp", "<curl/curl.h>", true},
        {"tests/io/stream_test.cpp", "<boost/asio/post.hpp>", true},
        {"core/host/library.cpp", "<boost/dll/shared_library.hpp>", false},
        {"apps/electiond/libsystemd.cpp", "<systemd/sd-daemon.h>", false},
        {"apps/electiond/service_manager.cpp", "<systemd/sd-daemon.h>", true},
    };
    for (const auto& each : cases) {
        const Source planted{each.path, std::string("// A job.\n#include ") + each.include + "\n"};
        EXPECT_EQ(!include_faults(planted).empty(), each.wrong)
            << each.path << " includes " << each.include;
    }
}

TEST(House, EveryFileSaysItsJobInItsFirstLine) {
    for (const auto& source : sources()) {
        EXPECT_TRUE(source.text.starts_with("// ")) << source.path;
    }
}

// Tests may fork, to have a process of their own, and so does electiond as PID 1; a program is run
// by io::Child there, too.
TEST(House, ProgramsAreRunInOneWay) {
    const std::regex forks("[^_a-z](v?fork)\\(");
    const std::regex runs(
        "[^_a-z](popen|posix_spawnp?|system|exec(v|ve|vp|vpe|l|le|lp)|fexecve)\\(");
    for (const auto& source : sources()) {
        if (source.path == "core/io/io/child.cpp") continue;
        std::smatch found;
        const bool may_fork =
            source.path.starts_with("tests/") || source.path == "apps/electiond/init.cpp";
        EXPECT_FALSE((!may_fork && std::regex_search(source.text, found, forks)) ||
                     std::regex_search(source.text, found, runs))
            << source.path << " calls " << found.str() << ": use io/child.h";
    }
}

// What stands between a parenthesis that opens at `begin` and the one that closes it.
std::string inside(const std::string& code, std::size_t begin) {
    int depth = 0;
    for (auto at = begin; at < code.size(); ++at) {
        if (code[at] == '(') ++depth;
        if (code[at] == ')' && --depth == 0) return code.substr(begin, at - begin);
    }
    return {};
}

// A co_await where GCC 12 makes wrong code of it; empty if there is none. core/io/io/async.h says
// why.
std::string co_await_trap(const std::string& code) {
    const std::regex condition("[^_a-z](if|while|switch) \\(");
    for (std::sregex_iterator at(code.begin(), code.end(), condition), end; at != end; ++at) {
        const auto text = inside(code, static_cast<std::size_t>(at->position() + at->length() - 1));
        if (text.find("co_await") != std::string::npos) return text;
    }
    const std::regex other(
        "\\?[^;{}]*co_await|co_await[^;{}]*\\?|co_await[^;{}]*[({,]\\s*[\\w:]*\\{");
    std::smatch found;
    return std::regex_search(code, found, other) ? found.str() : std::string();
}

std::string without_comments(const std::string& text) {
    std::istringstream lines(text);
    std::string code;
    for (std::string line; std::getline(lines, line);) {
        code += line.substr(0, line.find("//")) + "\n";
    }
    return code;
}

TEST(House, ACoAwaitStandsInAStatementOfItsOwn) {
    for (const auto* wrong :
         {" if (co_await x()) co_return 1;", " while (late ||\n co_await x(a) == y) {",
          " switch (co_await x()) {", "v = on ? co_await x() : y;", "v = co_await x() ? y : z;",
          "co_await x({.a = 1});", "co_await x(y, io::Value{1});"}) {
        EXPECT_NE(co_await_trap(wrong), "") << wrong;
    }
    for (const auto* right :
         {" if (last(a)) co_return co_await x();", "const auto a = co_await x(b);",
          " while (f(g())) { co_await x(); }"}) {
        EXPECT_EQ(co_await_trap(right), "") << right;
    }
    for (const auto& source : sources()) {
        if (source.path == "tests/tidy/tidy_test.cpp" ||
            source.text.find("co_await") == std::string::npos) {
            continue;
        }
        EXPECT_EQ(co_await_trap(without_comments(source.text)), "") << source.path;
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
        EXPECT_TRUE(starts_with_any(source.path, {"core/node/clock.h", "core/node/loop.cpp",
                                                  "core/node/mailbox.cpp", "core/node/scout.cpp"}))
            << source.path;
    }
}

// Safety: only LeadershipState decides whether this node leads now. Code that reads its members
// would decide it a second time.
bool decides_who_leads(const std::string& text) {
    static const std::regex parts(
        "in_office|lease_until|followed_until|hearsay_until|state_without_lease|"
        "now\\w*(\\(\\))? <=? [\\w.>-]*lease[\\w()]*(->|\\.)until");
    return std::regex_search(without_comments(text), parts);
}

TEST(House, WhoLeadsIsComputedInOnePlace) {
    EXPECT_TRUE(decides_who_leads("return status->leadership.in_office && !draining;"));
    EXPECT_TRUE(decides_who_leads("if (lease_ && now_ < lease_->until) campaign();"));
    EXPECT_FALSE(decides_who_leads("if (status->leads_at(now)) tell();  // by in_office"));
    const std::set<std::string> allowed{
        "core/election/leadership_state.h",  // computes it
        "core/election/view.cpp",            // makes the value
        "core/node/grant_book.cpp",          // no grant may last longer than the lease
    };
    for (const auto& source : sources()) {
        if (!starts_with_any(source.path, {"core/", "apps/", "plugins/"})) continue;
        EXPECT_TRUE(allowed.contains(source.path) || !decides_who_leads(source.text))
            << source.path << ": ask LeadershipState";
    }
}

// The tests that a page names as `Suite.Name`, and that are not in `known`.
std::vector<std::string> unknown_tests(const std::string& page,
                                       const std::set<std::string>& known) {
    auto named = matches(page, "`([A-Z]\\w+\\.[A-Z]\\w+)`");
    std::erase_if(named, [&](const auto& name) { return known.contains(name); });
    return named;
}

TEST(House, TestsThatThePagesNameExist) {
    std::set<std::string> known;
    const std::regex test("\\bTEST(?:_F|_P)?\\(\\s*(\\w+),\\s*(\\w+)\\)");
    for (const auto& source : sources()) {
        if (!source.path.starts_with("tests/")) continue;
        const auto& text = source.text;
        for (std::sregex_iterator at(text.begin(), text.end(), test), end; at != end; ++at) {
            known.insert((*at)[1].str() + "." + (*at)[2].str());
        }
    }
    EXPECT_THAT(unknown_tests("by `House.OpensNoWindow`, `tests/tidy`, `House.*`", known),
                testing::ElementsAre("House.OpensNoWindow"));
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(ELECTIOND_SOURCE) / "docs")) {
        if (entry.path().extension() != ".md") continue;
        std::ostringstream page;
        page << std::ifstream(entry.path()).rdbuf();
        for (const auto& name : unknown_tests(page.str(), known)) {
            ADD_FAILURE() << entry.path().string() << " names " << name << ", which is no test";
        }
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
