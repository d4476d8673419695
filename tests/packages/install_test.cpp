// cmake --install: an installation works wherever it lies, and has all that plugin authors need.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "api.h"
#include "folder.h"
#include "ports.h"
#include "process.h"

namespace electiond {
namespace {

using cluster::Folder;
using testing::HasSubstr;
namespace fs = std::filesystem;

// What `command` has printed; the test fails if it has not ended with 0.
std::string output_of(const std::vector<std::string>& command) {
    const auto finished = cluster::run(command);
    EXPECT_EQ(finished.code, 0) << testing::PrintToString(command) << "\n" << finished.said;
    return finished.said;
}

void install(const fs::path& prefix) {
    (void)output_of({CMAKE, "--install", ELECTIOND_BUILD, "--prefix", prefix});
}

// The plugins that the daemon finds when it is asked without a configuration, one line each.
void expect_own_plugins(const fs::path& prefix) {
    const auto plugins = prefix / ELECTIOND_LIBDIR / "electiond/plugins/";
    const auto said = output_of({prefix / "sbin/electiond", "--list-plugins"});
    for (const auto* name :
         {"exec", "file_registry", "static_list", "multicast", "dns", "etcd", "http", "tcp"}) {
        EXPECT_THAT(said, HasSubstr("\t" + plugins.string() + name + ".so\n"));
    }
}

// Waits until GET /livez is answered by 200.
bool lives(std::uint16_t port) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
        if (cluster::ask(port, "GET", "/livez").code == 200) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

TEST(Installation, RunsFromAnyPrefix) {
    const Folder folder;
    cluster::Ports ports;
    const auto api = ports.next();
    const auto prefix = folder / "opt";
    cluster::write(folder / "node.yaml",
                   "node: {id: \"1\", data_dir: data}\ncluster: {name: c}\n"
                   "api: {listen: 127.0.0.1:" +
                       std::to_string(api) +
                       "}\ntransport: {listen: 127.0.0.1:" + std::to_string(ports.next()) +
                       "}\ndiscovery: [{plugin: file_registry, path: registry.json}]\n");

    install(prefix);

    expect_own_plugins(prefix);
    cluster::Process daemon({prefix / "sbin/electiond", "--config", folder / "node.yaml"},
                            folder / "log");
    EXPECT_TRUE(lives(api)) << cluster::read(folder / "log");
    const auto asked =
        output_of({prefix / "bin/electionctl", "--endpoint",
                   "http://127.0.0.1:" + std::to_string(api), "wait-leader", "--timeout", "20s"});
    EXPECT_THAT(asked, HasSubstr("1"));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(std::chrono::seconds(10)), 0) << cluster::read(folder / "log");
}

TEST(Installation, RunsFromAStagingFolder) {
    const Folder folder;

    (void)output_of({"/usr/bin/env", "DESTDIR=" + folder.path().string(), CMAKE, "--install",
                     ELECTIOND_BUILD, "--prefix", "/usr/local"});

    expect_own_plugins(folder / "usr/local");
    EXPECT_THAT(cluster::read(folder / "usr/local/share/pkgconfig/electiond.pc"),
                HasSubstr("prefix=/usr/local\n"));
}

TEST(Installation, HasUnitsThatStartItsOwnProgram) {
    const Folder folder;

    install(folder / "opt");

    const auto program = (folder / "opt/sbin/electiond").string();
    for (const auto* unit : {"electiond.service", "electiond@.service"}) {
        const auto text = cluster::read(folder / "opt/lib/systemd/system" / unit);
        EXPECT_THAT(text, HasSubstr("\nExecStart=" + program + " "));
        EXPECT_THAT(text, testing::Not(HasSubstr("/usr/sbin/")));
    }
}

// A node that nobody has configured must not start.
TEST(Installation, HasNoActiveConfiguration) {
    const Folder folder;

    install(folder / "opt");

    EXPECT_FALSE(fs::exists(folder / "opt/etc"));
    EXPECT_EQ(cluster::read(folder / "opt/share/doc/electiond/examples/electiond.yaml"),
              cluster::read(fs::path(ELECTIOND_SOURCE) / "config/node.yaml"));
}

// The first block of a page that begins with `begin` and ends with ```.
std::string block(const std::string& page, const std::string& begin) {
    const auto text = cluster::read(fs::path(ELECTIOND_SOURCE) / page);
    const auto at = text.find(begin);
    EXPECT_NE(at, std::string::npos) << page;
    return text.substr(at + begin.size(), text.find("```", at + begin.size()) - at - begin.size());
}

TEST(Installation, IsConfiguredAsThePagesSay) {
    const Folder folder;
    fs::create_directory(folder / "data");
    fs::permissions(folder / "data", fs::perms::owner_all);
    for (auto text : {block("docs/install.md", "```yaml\n"),
                      block("config/man/electiond.yaml.5.scd.in", "```\n")}) {
        text.replace(text.find("/var/lib/electiond"), 18, folder / "data");
        cluster::write(folder / "node.yaml", text);

        EXPECT_THAT(output_of({ELECTIOND, "--config", folder / "node.yaml", "--check"}),
                    HasSubstr("no fault found"));
    }
}

// The plugin that docs/writing-a-plugin.md shows, as a project of its own.
class PluginProject {
  public:
    explicit PluginProject(const fs::path& folder) : folder_(folder) {
        fs::create_directory(folder);
        cluster::write(folder / "hosts_file.cpp", block("docs/writing-a-plugin.md", "```cpp\n"));
        cluster::write(folder / "CMakeLists.txt",
                       "cmake_minimum_required(VERSION 3.25)\n"
                       "project(hosts_file LANGUAGES CXX)\n"
                       "find_package(electiond " ELECTIOND_VERSION
                       " REQUIRED)\n"
                       "add_library(hosts_file MODULE hosts_file.cpp)\n"
                       "set_target_properties(hosts_file PROPERTIES PREFIX \"\"\n"
                       "    CXX_VISIBILITY_PRESET hidden)\n"
                       "target_link_libraries(hosts_file PRIVATE electiond::sdk)\n"
                       "file(WRITE ${CMAKE_BINARY_DIR}/plugins ${electiond_PLUGIN_DIR})\n");
        cluster::write(folder / "node.yaml",
                       "node: {id: \"1\", data_dir: data}\ncluster: {name: c, expect: 3}\n"
                       "discovery: [{plugin: hosts_file, path: peers}]\n");
    }

    void build_by_cmake(const fs::path& prefix) const {
        (void)output_of({CMAKE, "-S", folder_, "-B", folder_ / "build", "-G", "Ninja",
                         std::string("-DCMAKE_CXX_COMPILER=") + CXX,
                         "-DCMAKE_PREFIX_PATH=" + prefix.string()});
        (void)output_of({CMAKE, "--build", folder_ / "build"});
    }

    void build_by_pkg_config(const fs::path& prefix) const {
        (void)output_of({"/bin/sh", "-c",
                         "cd '" + folder_.string() + "' && " CXX " $(PKG_CONFIG_LIBDIR='" +
                             prefix.string() +
                             "/share/pkgconfig' pkg-config --cflags electiond) -fPIC -shared "
                             "-fvisibility=hidden -Wl,-z,defs hosts_file.cpp -o hosts_file.so"});
    }

  private:
    fs::path folder_;
};

// Whether the installed daemon takes the plugin.
void expect_accepted(const fs::path& prefix, const fs::path& plugin, const fs::path& project) {
    const auto plugins = prefix / ELECTIOND_LIBDIR / "electiond/plugins";
    fs::copy(plugin, plugins, fs::copy_options::overwrite_existing);
    EXPECT_THAT(
        output_of({prefix / "sbin/electiond", "--config", project / "node.yaml", "--check"}),
        HasSubstr("no fault found"));
    fs::remove(plugins / plugin.filename());
}

TEST(Installation, HasWhatAPluginIsBuiltWith) {
    const Folder folder;
    const auto prefix = folder / "opt";
    const PluginProject project(folder / "plugin");

    install(prefix);
    project.build_by_cmake(prefix);
    project.build_by_pkg_config(prefix);

    expect_accepted(prefix, folder / "plugin/build/hosts_file.so", folder / "plugin");
    expect_accepted(prefix, folder / "plugin/hosts_file.so", folder / "plugin");
    EXPECT_EQ(cluster::read(folder / "plugin/build/plugins"),
              (prefix / ELECTIOND_LIBDIR / "electiond/plugins").string());
    EXPECT_EQ(
        output_of({"/usr/bin/env", "PKG_CONFIG_LIBDIR=" + (prefix / "share/pkgconfig").string(),
                   "pkg-config", "--variable=plugindir", "electiond"}),
        (prefix / ELECTIOND_LIBDIR / "electiond/plugins").string() + "\n");
}

// What electionctl plugin new writes, from nothing to a checked plugin.
TEST(Installation, BuildsANewPluginUntouched) {
    const Folder folder;
    const auto prefix = folder / "opt";
    install(prefix);
    for (const std::string kind : {"discovery", "transport"}) {
        const auto project = folder / kind;

        (void)output_of({prefix / "bin/electionctl", "plugin", "new", "mine", "--kind", kind,
                         "--directory", project});
        (void)output_of({CMAKE, "-S", project, "-B", project / "build", "-G", "Ninja",
                         std::string("-DCMAKE_CXX_COMPILER=") + CXX,
                         "-DCMAKE_PREFIX_PATH=" + prefix.string()});
        (void)output_of({CMAKE, "--build", project / "build"});

        // All cases: tests/kit.
        const auto checked =
            output_of({prefix / "bin/electionctl", "plugin", "check", project / "build/mine.so",
                       "--option", kind == "discovery" ? "directory=nodes" : "advertise=n1:1",
                       "--case", kind == "discovery" ? "spreads" : "send_both_ways"});
        EXPECT_THAT(checked, HasSubstr(": " + kind + " mine 0.1\n"));
        EXPECT_THAT(checked, HasSubstr(" 0 failed, 0 skipped\n"));
    }
}

}  // namespace
}  // namespace electiond
