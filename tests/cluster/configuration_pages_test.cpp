// The configurations that the pages show are accepted by `electiond --check`, and their tables of
// options of plugins say what the plugins say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "page.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// The parts of a text that match the first group of the pattern.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
        found.push_back((*at)[1].str());
    }
    return found;
}

std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
    return std::regex_replace(text, std::regex(pattern), by);
}

// "node: {…}\n", "discovery:\n  - …\n": the sections of a configuration by their names.
std::map<std::string, std::string> sections(const std::string& yaml) {
    std::map<std::string, std::string> all;
    std::istringstream lines(yaml);
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        std::smatch begin;
        if (std::regex_search(line, begin, std::regex("^([a-z]+):"))) name = begin[1];
        if (!name.empty()) all[name] += line + "\n";
    }
    return all;
}

// The sections of a block in the place of those of the least configuration.
std::string completed(const std::string& block) {
    auto all = sections(
        "node: {id: \"1\", data_dir: /var/lib/electiond}\n"
        "cluster: {name: demo, bootstrap: all, expect: 3}\n"
        "discovery: [{plugin: static_list, peers: [\"10.0.0.2:7401\"]}]\n");
    for (const auto& [name, text] : sections(block)) all[name] = text;
    std::string yaml;
    for (const auto& [name, text] : all) yaml += text;
    return yaml;
}

// A machine in a folder, with the files that the pages name.
class Machine {
  public:
    // Checks the configuration as it would be on the machine.
    [[nodiscard]] std::string check(std::string yaml) const {
        yaml = replaced(yaml, "/usr/lib/electiond/plugins", ELECTIOND_BUILD "/bin/plugins");
        yaml = replaced(yaml, "interface: eth0", "interface: lo");
        yaml =
            replaced(yaml, "plugin: hosts_file", "plugin: file_registry");  // writing-a-plugin.md
        yaml = replaced(yaml, R"(([ \[:"'])(/(var|etc|srv|run|opt|usr/local|usr/bin)/))",
                        "$1" + folder_.path().string() + "$2");
        make_folders(yaml);
        make_certificates(yaml);
        const auto file = folder_ / "etc/electiond/electiond.yaml";
        write(file, yaml);
        return run({"/usr/bin/env", "POD_NAME=electiond-0", "POD_IP=10.0.0.1", "NAME=two",
                    ELECTIOND, "--config", file, "--check"})
                   .said +
               "\n" + yaml;
    }

  private:
    // What each path in the file is for follows from its place and its name.
    void make_folders(const std::string& yaml) const {
        fs::create_directories(folder_ / "etc/electiond");
        fs::create_directories(folder_ / "var/lib");
        const auto here = folder_.path().string();
        for (const auto& path : matches(yaml, "(" + here + R"([^\s,"'\]}]*))")) {
            fs::create_directories(fs::path(path).parent_path());
            if (path.find("/bin/") != std::string::npos) {
                fs::copy_file("/bin/true", path, fs::copy_options::overwrite_existing);
            } else if (path.ends_with("token") || path.ends_with("password")) {
                write(path, "secret\n");
                fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
            }
        }
    }

    void make_certificates(const std::string& yaml) const {
        const auto etc = folder_ / "etc/electiond";
        if (yaml.find(".crt") == std::string::npos) return;
        const auto name = matches(yaml, R"(cluster: \{name: (\w+))").at(0);
        const auto made = run({ELECTIOND_BUILD "/bin/electionctl", "tls", "init", "--cluster", name,
                               "--dir", etc, "--nodes", "1=10.0.0.1"});
        EXPECT_EQ(made.code, 0) << made.said;
        fs::copy_file(etc / "ca.crt", etc / "etcd-ca.crt");
        fs::copy_file(etc / "1.crt", etc / "etcd-client.crt");
        fs::copy_file(etc / "1.key", etc / "etcd-client.key");
    }

    Folder folder_;
};

// All pages that show YAML.
std::vector<std::string> pages_with_yaml() {
    std::vector<std::string> pages;
    for (const auto& entry : fs::directory_iterator(ELECTIOND_PAGES)) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(".md") && !blocks(name, "yaml").empty()) pages.push_back(name);
    }
    std::ranges::sort(pages);
    return pages;
}

class YamlOnPages : public testing::TestWithParam<std::string> {};

TEST_P(YamlOnPages, IsAcceptedByTheDaemon) {
    for (const auto& block : blocks(GetParam(), "yaml")) {
        if (block.starts_with("apiVersion:")) continue;  // a file for Kubernetes
        const Machine machine;
        // Alternatives of one key, a line each.
        if (block.starts_with("command: ")) {
            for (const auto& command : matches(block, "(command: .*)\n")) {
                EXPECT_THAT(
                    machine.check(completed("discovery:\n  - plugin: exec\n    " + command + "\n")),
                    HasSubstr("no fault found"));
            }
            continue;
        }
        const auto said = machine.check(completed(block));
        // interface.md shows each key, also those that exclude each other, and leaves values out.
        if (GetParam() == "interface.md") {
            EXPECT_THAT(said, Not(HasSubstr("unknown key")));
            EXPECT_THAT(said, Not(HasSubstr("not YAML")));
        } else {
            EXPECT_THAT(said, HasSubstr("no fault found"));
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Of, YamlOnPages, testing::ValuesIn(pages_with_yaml()),
                         [](const auto& one) {
                             return replaced(one.param.substr(0, one.param.size() - 3), "-", "_");
                         });

TEST(YamlOnPages, OfAWrongConfigurationWouldBeRefused) {
    EXPECT_THAT(Machine().check(completed("transport: {lisen: 10.0.0.1:7401}\n")),
                HasSubstr("unknown key transport.lisen"));
}

// ---- configuration.md

TEST(ConfigurationPage, ShowsWhatPrintConfigPrints) {
    const Folder folder;
    const auto file = (folder / "electiond.yaml").string();
    const auto page = read(ELECTIOND_PAGES "/configuration.md");
    const auto at = page.find("gives, among other lines:\n\n```\n");
    ASSERT_NE(at, std::string::npos);
    const auto begin = page.find("```\n", at) + 4;
    const auto shown = page.substr(begin, page.find("```", begin) - begin);
    const auto yaml = blocks("configuration.md", "yaml").at(1);
    write(file, replaced(yaml, "/var/lib/electiond", folder.path().string()));

    const auto printed = run({"/usr/bin/env", "NAME=two", "ELECTIOND_NODE_ID=2", ELECTIOND,
                              "--config", file, "--print-config"});

    ASSERT_EQ(printed.code, 0) << printed.said;
    auto said = replaced(printed.said, file, "/etc/electiond/electiond.yaml");
    said = replaced(said, folder.path().string(), "/var/lib/electiond");
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);) EXPECT_THAT(said, HasSubstr(line + "\n"));
}

TEST(ConfigurationPage, ShowsVariablesThatOverrideKeys) {
    const Folder folder;
    write(folder / "node.yaml", completed("cluster: {name: demo}\n"));

    const auto printed = run({"/bin/bash", "-ec",
                              "set -a\n" + blocks("configuration.md", "sh").at(0) + ELECTIOND +
                                  " --print-config --config " + (folder / "node.yaml").string()});

    EXPECT_EQ(printed.code, 0);
    for (const auto* line :
         {"  id: \"2\"  # environment ELECTIOND_NODE_ID\n", "[127.0.0.1:7400, \"[::1]:7400\"]",
          "voters: [\"1\", \"2\", \"3\"]", "/srv/cluster.json", "level: debug",
          "queue_length: 100  # environment "}) {
        EXPECT_THAT(printed.said, HasSubstr(line));
    }
}

// ---- the tables of options

struct Option {
    std::string name, type, otherwise;
};

// The rows of the tables "| key | type | default |…" in a section of a page.
std::vector<Option> options_on(const std::string& page, const std::string& section) {
    std::vector<Option> options;
    std::istringstream lines(read(ELECTIOND_PAGES "/" + page));
    const std::regex row(R"(\| (`[a-z_`, ]+`) \| ([^|]*) \| ([^|]*) \|.*)");
    bool in_section = section.empty();
    bool in_table = false;
    for (std::string line; std::getline(lines, line);) {
        if (!section.empty() && line.starts_with("#")) in_section = line == "## `" + section + "`";
        if (line.starts_with("| key | type | default |")) in_table = in_section;
        if (line.empty()) in_table = false;
        std::smatch cells;
        if (!in_table || !std::regex_match(line, cells, row)) continue;
        for (const auto& name : matches(cells[1], "`([a-z_]+)`")) {
            options.push_back({name, cells[2], cells[3]});
        }
    }
    return options;
}

// What the daemon says of one entry of `discovery`.
std::string check_entry(const std::string& entry) {
    const Folder folder;
    write(folder / "node.yaml",
          "node: {id: a, data_dir: data}\ncluster: {name: c, expect: 1}\n"
          "discovery: [{" +
              entry + "}]\n");
    return run({ELECTIOND, "--config", folder / "node.yaml", "--check"}).said;
}

struct Table {
    std::string plugin, page, section;

    friend std::ostream& operator<<(std::ostream& out, const Table& table) {
        return out << table.plugin;
    }
};

class OptionTables : public testing::TestWithParam<Table> {};

TEST_P(OptionTables, NameEachOptionOfThePluginAndNoOther) {
    const auto& [plugin, page, section] = GetParam();
    std::set<std::string> on_page{"plugin"};
    for (const auto& option : options_on(page, section)) on_page.insert(option.name);

    // The plugin lists what it knows.
    const auto said = check_entry("plugin: " + plugin + ", no_such_option: 1");

    const auto expected = matches(said, "unknown key [^;]*; expected ([a-z_, ]*)");
    ASSERT_EQ(expected.size(), 1U) << said;
    const auto known = matches(expected.front(), "([a-z_]+)");
    EXPECT_THAT(on_page, testing::UnorderedElementsAreArray(known));
}

TEST_P(OptionTables, StateTheRangesAndDefaultsThatThePluginAccepts) {
    const auto& [plugin, page, section] = GetParam();
    for (const auto& [name, type, otherwise] : options_on(page, section)) {
        const auto key = "discovery[0]." + name + " ";
        if (const auto range = matches(type, R"((`?[\w.]+`? to [\w.]+))"); !range.empty()) {
            const auto* wrong = type.starts_with("duration") ? "999999h" : "x y";
            const auto said = check_entry("plugin: " + plugin + ", " + name + ": " + wrong);
            EXPECT_THAT(said, HasSubstr(key));
            EXPECT_THAT(replaced(said, "from ", ""), HasSubstr(replaced(range.front(), "`", "")));
        }
        if (const auto value = matches(otherwise, "^`(.*)`$"); !value.empty()) {
            const auto said = check_entry("plugin: " + plugin + ", " + name + ": " + value.front());
            EXPECT_THAT(said, Not(HasSubstr(key)));
        }
        if (otherwise == "required") {
            EXPECT_THAT(check_entry("plugin: " + plugin),
                        HasSubstr(key + "is missing, but required"));
        }
    }
}

const std::vector<Table> kTables{
    {"static_list", "discovery.md", "static_list"},
    {"multicast", "discovery.md", "multicast"},
    {"file_registry", "discovery-file_registry.md", ""},
    {"exec", "discovery-exec.md", ""},
    {"dns", "discovery-dns.md", ""},
    {"etcd", "discovery-etcd.md", ""},
};
INSTANTIATE_TEST_SUITE_P(Of, OptionTables, testing::ValuesIn(kTables),
                         [](const auto& one) { return one.param.plugin; });

}  // namespace
}  // namespace electiond::cluster
