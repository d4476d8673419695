// The files in config/ load, and the reference is correct about every key and its default.
#include <gmock/gmock.h>

#include <cctype>
#include <fstream>
#include <sstream>

#include <electiond/options.h>

#include "settings/differences.h"
#include "settings/schema.h"
#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

const std::filesystem::path kConfig = ELECTIOND_CONFIG_DIR;

std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

// "  #key: value" -> "  key: value"; a comment has a blank after its #.
std::string with_every_key(const std::string& text) {
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line); result += line + "\n") {
        const auto mark = line.find_first_not_of(' ');
        if (mark != std::string::npos && line[mark] == '#' && mark + 1 < line.size() &&
            std::islower(static_cast<unsigned char>(line[mark + 1])) != 0) {
            line.erase(mark, 1);
        }
    }
    return result;
}

bool has_path(const Value& root, const std::string& path) {
    const auto dot = path.find('.');
    const auto* value = root.find(path.substr(0, dot));
    if (value == nullptr || dot == std::string::npos) return value != nullptr;
    return has_path(*value, path.substr(dot + 1));
}

TEST(ReferenceConfig, ShowsEveryKeyAndNoOther) {
    Faults faults;
    const auto tree = parse_yaml(with_every_key(read(kConfig / "node.yaml")), {.name = "node.yaml"},
                                 "", {}, faults);

    refuse_unknown_keys(tree, faults);

    EXPECT_NO_THROW(throw_if_any(faults.lines(), "node.yaml"));
    for (const auto& key : schema()) {
        EXPECT_TRUE(has_path(tree, std::string(key.path))) << key.path;
    }
}

TEST(ReferenceConfig, ShowsTheDefaults) {
    const Scene scene;

    const auto reference = load_settings(ConfigSource::of_file(kConfig / "node.yaml"), {});
    const auto bare = scene.load(
        with({{"node", "{id: 1, data_dir: /var/lib/electiond}"},
              {"discovery",
               "[{plugin: file_registry, path: /var/lib/electiond-registry/cluster.json}]"}}));

    EXPECT_THAT(differences(setting_values(bare), setting_values(reference)), testing::IsEmpty());
    EXPECT_THAT(reference.warnings, testing::IsEmpty());
}

// The section stands in a comment: where it is set, a plugin without limits gets a warning.
TEST(ReferenceConfig, ShowsTheDefaultLimitsOfATransport) {
    const Scene scene;
    const auto text = read(kConfig / "node.yaml");
    const auto begin = text.find("\n  #limits:\n");
    ASSERT_NE(begin, std::string::npos);
    const auto section = with_every_key(text.substr(begin + 1, text.find("\n\n", begin) - begin));

    const auto settings = scene.load(with({{"transport", "\n" + section}}));

    EXPECT_EQ(settings.transport.limits, Limits{});
    EXPECT_FALSE(settings.transport.limits_set);  // as it asks for nothing but the defaults
}

TEST(ReferenceConfig, IsExplainedKeyByKeyInTheDocumentation) {
    const auto page = read(kConfig.parent_path() / "docs" / "configuration-keys.md");

    for (const auto& key : schema()) {
        EXPECT_THAT(page, testing::HasSubstr("`" + std::string(key.path) + "`")) << key.path;
    }
}

TEST(DemoConfig, IsThreeNodesOfOneClusterWithTheirOwnPorts) {
    for (const int i : {1, 2, 3}) {
        const auto number = std::to_string(i);

        const auto node =
            load_settings(ConfigSource::of_file(kConfig / "demo" / ("node" + number + ".yaml")),
                          {{"CLUSTER_DIR", "/c"}});

        EXPECT_EQ(node.node.id, NodeId(number));
        EXPECT_EQ(node.node.data_dir, "/c/node" + number);
        EXPECT_EQ(node.cluster.name, "demo");
        EXPECT_THAT(node.api.listen, testing::ElementsAre(ListenAddress(Endpoint{
                                         "127.0.0.1", static_cast<std::uint16_t>(3000 + i)})));
        EXPECT_EQ(node.transport.listen,
                  (Endpoint{"127.0.0.1", static_cast<std::uint16_t>(4000 + i)}));
        Options options(PluginKind::discovery, node.discovery.at(0).options);
        EXPECT_EQ(options.path("path"), "/c/cluster.json");
        EXPECT_EQ(node.election.election_timeout, std::chrono::seconds(1));
        EXPECT_EQ(node.election.heartbeat_interval, std::chrono::milliseconds(100));
        EXPECT_EQ(resolve_bootstrap(node, 1), Bootstrap::claim);
        EXPECT_THAT(node.warnings, testing::IsEmpty());
    }
}

}  // namespace
}  // namespace electiond
