// Faults of the text: bad or obscure YAML, an unreadable file, variables without a usable value.
#include <gmock/gmock.h>

#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(SettingsFaults, RefuseWhatMakesYamlHardToRead) {
    const Scene scene;
    const std::string head = with({});  // three lines

    EXPECT_THAT(scene.faults(head + "log: {level: &x info}\n"),
                ElementsAre("node.yaml:4:14: log.level has the anchor &x; anchors are refused: "
                            "leave it out"));
    EXPECT_THAT(
        scene.faults(head + "log: &x {level: info}\nhooks: *x\n"),
        ElementsAre(StartsWith("node.yaml:4:6: log has the anchor &x"),
                    StartsWith("node.yaml:5:8: hooks is an alias (*); aliases are refused")));
    EXPECT_THAT(scene.faults(head + "log: {level: *x}\n"),
                ElementsAre(StartsWith("node.yaml:4:14: there is an alias (*) here")));
    EXPECT_THAT(scene.faults(head + "log: {level: !!str info}\n"),
                ElementsAre(StartsWith("node.yaml:4:14: log.level has the tag")));
    EXPECT_THAT(scene.faults(head + "log: !x {level: info}\n"),
                ElementsAre(StartsWith("node.yaml:4:6: log has the tag")));
    EXPECT_THAT(scene.faults(head + "log:\n  <<: {level: info}\n"),
                ElementsAre(StartsWith("node.yaml:5:3: log.<< is a merge key")));
    EXPECT_THAT(scene.faults(head + "---\nlog: {level: info}\n"),
                ElementsAre(StartsWith("node.yaml:4:1: a second document begins here")));
    EXPECT_THAT(scene.faults(head + "? [a]\n: b\n"),
                ElementsAre("node.yaml:4:3: a key must be a string"));
    EXPECT_THAT(scene.faults(head + "~: b\n"),
                ElementsAre("node.yaml:4:1: a key must be a string"));
}

TEST(SettingsFaults, NameThePlaceOfBadSyntax) {
    const Scene scene;

    EXPECT_THAT(scene.faults("node:\n\tid: a\n"),
                ElementsAre(AllOf(StartsWith("node.yaml:2:4: this is not YAML"),
                                  HasSubstr("indent with spaces, not with tabs"))));
    EXPECT_THAT(scene.faults("node: {id: a\n"), ElementsAre(HasSubstr("this is not YAML")));
    EXPECT_THAT(scene.faults("node: {id: \"a}\n"), ElementsAre(HasSubstr("this is not YAML")));
    EXPECT_THAT(scene.faults(std::string(100'000, '[')), ElementsAre(HasSubstr("not YAML")));
    EXPECT_THAT(scene.faults("node:\n  id: a\x04\n"),
                ElementsAre(StartsWith("node.yaml:2:8: the byte 4 is here")));
    EXPECT_THAT(scene.faults(std::string("n\0o\0d\0e\0", 8)),
                ElementsAre(StartsWith("node.yaml:1:2: the byte 0 is here")));
    EXPECT_THAT(scene.faults(with({{"node", "{id: a, data_dir: \xff\xfe}"}})),
                ElementsAre(StartsWith("node.yaml:1:25: the byte 255 is here")));
}

TEST(SettingsFaults, RefuseWhatIsNoConfiguration) {
    const Scene scene;

    EXPECT_THAT(scene.faults(""), ElementsAre(StartsWith("node.yaml:1:1: the configuration is "
                                                         "empty")));
    EXPECT_THAT(scene.faults("# only a comment\n"), ElementsAre(HasSubstr("is empty")));
    EXPECT_THAT(scene.faults("---\n~\n"), ElementsAre(HasSubstr("is empty")));
    EXPECT_THAT(scene.faults("- node\n"),
                ElementsAre(StartsWith("node.yaml:1:1: the configuration must be a map")));
    EXPECT_THAT(scene.faults("hello\n"), ElementsAre(HasSubstr("must be a map of sections")));
    EXPECT_THAT(scene.faults("#" + std::string(1024 * 1024, 'x')),
                ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST(SettingsFaults, SayWhyAFileCannotBeRead) {
    const Scene scene;
    const auto fault = [](const std::filesystem::path& file) -> std::string {
        try {
            (void)load_settings(ConfigSource::of_file(file), {});
            return "none";
        } catch (const Error& error) {
            return error.what();
        }
    };

    EXPECT_THAT(fault(scene.folder() / "gone.yaml"),
                HasSubstr("gone.yaml: the configuration cannot be read: No such file"));
    EXPECT_THAT(fault(scene.folder()), HasSubstr("Is a directory; name the file in it"));
}

TEST(SettingsFaults, NameAVariableThatIsNotSet) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({{"node", "{id: ${SETTINGS_TEST_UNSET}, data_dir: d}"}})),
                ElementsAre("node.yaml:1:12: node.id needs the environment variable "
                            "SETTINGS_TEST_UNSET, which is not set; set it, or give a default: "
                            "${SETTINGS_TEST_UNSET:-value}"));
    for (const auto* text : {"\"${}\"", "\"${A B}\"", "\"${1A}\"", "\"${A:-${B}}\"", "\"${A\""}) {
        EXPECT_THAT(scene.faults(with({{"node", std::string("{data_dir: d, id: ") + text + "}"}})),
                    ElementsAre(AllOf(StartsWith("node.yaml:1:25: node.id"), HasSubstr("write"))))
            << text;
    }
}

TEST(SettingsFaults, NameTheVariableWhoseValueIsWrong) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({}), {{"ELECTIOND_CLUSTER_VOTERS", "1,2"}}),
                ElementsAre(StartsWith("environment ELECTIOND_CLUSTER_VOTERS: cluster.voters is "
                                       "\"1,2\", but must be a list, as in [a, b]")));
    EXPECT_THAT(scene.faults(with({}), {{"ELECTIOND_CLUSTER_VOTERS", "[1, 2"}}),
                ElementsAre(StartsWith("environment ELECTIOND_CLUSTER_VOTERS: this is not YAML")));
    EXPECT_THAT(scene.faults(with({}), {{"ELECTIOND_DISCOVERY", "[{plugin: x, plugin: y}]"}}),
                ElementsAre(StartsWith("environment ELECTIOND_DISCOVERY: duplicate key "
                                       "discovery[0].plugin")));
    EXPECT_THAT(scene.faults(with({}), {{"ELECTIOND_LOG", "{levle: info}"}}),
                ElementsAre(StartsWith("environment ELECTIOND_LOG: unknown key log.levle")));
    EXPECT_THAT(scene.faults(with({}), {{"ELECTIOND_NODE_ID", ""}}),
                ElementsAre("environment ELECTIOND_NODE_ID: node.id is set but empty; give it a "
                            "value or unset ELECTIOND_NODE_ID"));
}

}  // namespace
}  // namespace electiond
