// What the host does with good guests, and what it says of each that is wrong.
#include "host/plugin_host.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "guests/ability.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const fs::path kGuests = GUESTS;
const fs::path kProber = PROBER;
const std::string kOwnAbi = std::to_string(kPluginAbi) + "." + std::to_string(kPluginAbiRevision);

struct Fault {
    std::string line;
    int code = 0;
};

Fault fault(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {"no error", 0};
}

fs::path fresh_directory() {
    std::string name = testing::TempDir() + "electiond-host-XXXXXX";
    return ::mkdtemp(name.data());
}

// With a directory of the test's own, gone when the test is.
class PluginHostTest : public testing::Test {
  protected:
    ~PluginHostTest() override { fs::remove_all(own_); }

    std::unique_ptr<Discovery> discovery(const std::string& plugin) {
        Options options(PluginKind::discovery);
        return host_.make_discovery(plugin, setup_with(options));
    }
    // The keys stand one a line, from line 2 on, behind the section's name in line 1.
    std::unique_ptr<Discovery> discovery(
        const std::string& plugin,
        const std::vector<std::pair<std::string, std::string>>& section) {
        OptionSection all{"discovery[0]", {}, own_};
        all.root.kind = OptionValue::Kind::map;
        all.root.where = "node.yaml:1:12";
        for (const auto& [key, text] : section) {
            const auto line = std::to_string(all.root.map.size() + 2);
            OptionValue value;
            value.text = text;
            value.where = "node.yaml:" + line + ":15";
            all.root.map.push_back({key, value, "node.yaml:" + line + ":5"});
        }
        Options options(PluginKind::discovery, all);
        return host_.make_discovery(plugin, setup_with(options));
    }
    std::unique_ptr<Transport> transport(const std::string& plugin) {
        Options options(PluginKind::transport);
        return host_.make_transport(plugin, setup_with(options));
    }
    [[nodiscard]] PluginSetup setup_with(Options& options) const {
        return {.options = options, .cluster = "demo", .node_id = "n1", .log = log_};
    }
    Fault discovery_fault(const std::string& plugin) {
        const auto found = fault([&] { (void)discovery(plugin); });
        EXPECT_EQ(found.line.find('\n'), std::string::npos) << found.line;
        return found;
    }
    void expect_refused(const std::string& plugin, const std::string& words) {
        const auto found = discovery_fault(plugin);
        EXPECT_THAT(found.line,
                    AllOf(HasSubstr(plugin + ".so: "), HasSubstr(words), HasSubstr("; ")));
        EXPECT_EQ(found.code, Error::config);
    }
    void write(const std::string& name, const std::string& text) {
        std::ofstream(own_ / name, std::ios::binary) << text;
    }

    const fs::path own_ = fresh_directory();
    const Log log_;
    PluginHost host_{{own_, kGuests}, kProber, {}};
};

TEST_F(PluginHostTest, MakesADiscoveryWithItsOptions) {
    const auto peers = discovery("good_discovery", {{"peer", "n7"}})->poll();

    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0].id.value, "n7");
    EXPECT_EQ(peers[0].api, "demo");
}

TEST_F(PluginHostTest, MakesATransport) {
    Response answer;

    transport("good_transport")
        ->send({"127.0.0.1", 1}, {}, std::chrono::seconds(1), [&](Response a) { answer = a; });

    EXPECT_EQ(answer.body, "nobody is there");
}

TEST_F(PluginHostTest, LetsWhatItMadeOutliveIt) {
    auto host = std::make_unique<PluginHost>(std::vector{kGuests}, kProber, Log());
    Options options(PluginKind::discovery);
    const auto made = host->make_discovery("good_discovery", setup_with(options));

    host.reset();

    EXPECT_EQ(made->poll().at(0).id.value, "n1");
}

TEST_F(PluginHostTest, TakesTheFirstDirectoryThatHasTheFile) {
    write("good_discovery.so", "not a library");

    EXPECT_THAT(discovery_fault("good_discovery").line, HasSubstr(own_.string()));
}

TEST_F(PluginHostTest, SaysWhereItSearchedAndWhichPluginsOfThatKindAreThere) {
    for (const auto* name : {"good_discovery.so", "good_transport.so", "wrong_abi.so"}) {
        fs::copy_file(kGuests / name, own_ / name);
    }
    host_ = PluginHost({own_ / "nowhere", own_}, kProber, {});
    const auto searched = own_.string() + "/nowhere (which is not a directory), " + own_.string();

    EXPECT_EQ(discovery_fault("good_discvery").line,
              "there is no discovery plugin good_discvery: no good_discvery.so in " + searched +
                  "; discovery plugins there: good_discovery; did you mean good_discovery?");
    const auto far = fault([&] { (void)transport("nosuch"); });
    EXPECT_EQ(far.line, "there is no transport plugin nosuch: no nosuch.so in " + searched +
                            "; transport plugins there: good_transport; install it or correct "
                            "plugins.directories");
    EXPECT_EQ(far.code, Error::config);
    for (const auto* extra : {"dns", "etcd"}) {
        EXPECT_THAT(discovery_fault(extra).line,
                    HasSubstr("; install the package electiond-plugins-extra or correct"));
    }
}

TEST_F(PluginHostTest, SaysWhereAWrongPluginWasNamed) {
    const std::string place = "node.yaml:3:22: discovery[0].plugin is \"…\"";
    const auto said = [&](const std::string& plugin) {
        return fault([&] {
                   Options options(PluginKind::discovery);
                   (void)host_.make_discovery(plugin, setup_with(options), place);
               })
            .line;
    };
    EXPECT_THAT(said("good_discvery"), StartsWith(place + ": there is no discovery plugin"));
    EXPECT_THAT(said("good_transport"), StartsWith(place + ": " + kGuests.string()));
    EXPECT_THAT(said("wrong_abi"), StartsWith(place + ": " + kGuests.string()));
    EXPECT_THAT(said("../x"), StartsWith(place + ": \"../x\" is not a valid name"));
}

TEST_F(PluginHostTest, PutsThePlaceOfTheSectionInFrontOfWhatAPluginThrows) {
    const auto wrong = [&](const std::string& plugin) {
        return fault([&] { (void)discovery(plugin, {{"peer", "a"}, {"plugin", plugin}}); }).line;
    };
    EXPECT_EQ(wrong("throws_error"), "node.yaml:1:12: discovery[0]: the folder of n1 is gone");
    EXPECT_THAT(wrong("returns_null"), StartsWith("node.yaml:1:12: discovery[0]: " +
                                                  (kGuests / "returns_null.so").string()));
}

TEST_F(PluginHostTest, CollectsEveryFaultOfTheOptions) {
    const auto found = fault([&] {
        (void)discovery("many_options", {{"server", "up"},
                                         {"port", "70000"},
                                         {"wait", "5"},
                                         {"prot", "1"},
                                         {"loud", "yes"},
                                         {"tls", "x"}});
    });

    EXPECT_EQ(found.code, Error::config);
    EXPECT_EQ(
        found.line,
        "node.yaml:1:12: discovery[0].group is missing, but required\n"
        "node.yaml:3:15: discovery[0].port is \"70000\", but must be a whole number from 1 to "
        "65535\n"
        "node.yaml:4:15: discovery[0].wait is \"5\", but must be a duration: a whole number "
        "and a unit (ms, s, m or h), as in 150ms or 2s\n"
        "node.yaml:6:15: discovery[0].loud is \"yes\", but must be true or false\n"
        "node.yaml:5:5: unknown key discovery[0].prot; expected server, group, port, wait, "
        "loud, plugin; did you mean port?\n"
        "node.yaml:7:5: unknown key discovery[0].tls; expected server, group, port, wait, "
        "loud, plugin");
}

TEST_F(PluginHostTest, ShowsTheFaultsOfTheOptionsAndNotWhatFollowsFromThem) {
    EXPECT_EQ(fault([&] {
                  (void)discovery("many_options", {{"server", ""}, {"group", "g"}});
              }).line,
              "node.yaml:2:15: discovery[0].server is \"\", but must be a non-empty string");
    EXPECT_EQ(fault([&] {
                  (void)discovery("many_options", {{"server", "down"}, {"group", "g"}});
              }).line,
              "node.yaml:1:12: discovery[0]: it is down");
}

TEST_F(PluginHostTest, RefusesAPluginThatReadsAKeyOfElectiond) {
    EXPECT_EQ(fault([&] {
                  (void)discovery("greedy_options", {{"name", "x"}});
              }).line,
              "node.yaml:1:12: discovery[0]: the plugin of the section discovery[0] reads the key "
              "name, which belongs to electiond; its author must give the option another name "
              "(electiond/host_keys.h)");
}

TEST_F(PluginHostTest, SaysSoWhenThereIsNothingToSearch) {
    host_ = PluginHost({}, kProber, {});

    EXPECT_THAT(discovery_fault("tcp").line, HasSubstr("plugins.directories, which is empty"));
}

TEST_F(PluginHostTest, RefusesNamesThatLeadOutOfItsDirectories) {
    for (const auto* name : {"", ".", "..", "../guests/good_discovery", "/etc/passwd", ".hidden",
                             "good discovery", "good\ndiscovery"}) {
        const auto found = fault([&] { (void)discovery(name); });
        EXPECT_THAT(found.line, HasSubstr("is not a valid name of a discovery plugin")) << name;
        EXPECT_EQ(found.code, Error::config);
    }
}

TEST_F(PluginHostTest, ComparesTheDescriptorFieldByField) {
    expect_refused("wrong_magic", "begins with 0x00000007, not 0x454c4354");
    expect_refused("wrong_abi", "is built for plugin ABI " + std::to_string(kPluginAbi + 1) +
                                    ", this electiond has ABI " + kOwnAbi);
    expect_refused("wrong_revision", "is built for plugin ABI " + std::to_string(kPluginAbi) + "." +
                                         std::to_string(kPluginAbiRevision + 1) +
                                         ", this electiond has ABI " + kOwnAbi +
                                         "; update electiond, or rebuild the plugin");
    expect_refused("wrong_size", "its descriptor has 24 bytes, this electiond's has " +
                                     std::to_string(sizeof(PluginDescriptor)));
    expect_refused("wrong_toolchain",
                   std::string("toolchain gcc2-cpp199711L, this electiond by ") + kToolchain);
    expect_refused("debug_library", "debug-cpp");
    expect_refused("wrong_kind", "is of kind 7, which is neither discovery nor transport");
    expect_refused("wrong_name", "holds the plugin another, not wrong_name");
    expect_refused("wrong_factory", "does not have exactly the one factory of a discovery");
    expect_refused("no_descriptor", "does not export the symbol electiond_plugin");
}

// Commit aa1870d, before the first release: nothing of it may be called.
TEST_F(PluginHostTest, RefusesPluginsOfAnEarlierAbi) {
    const std::string rule = "is built for plugin ABI 1, this electiond has ABI " + kOwnAbi +
                             "; rebuild it against the SDK of this electiond";
    expect_refused("abi_1_discovery", rule);
    expect_refused("abi_1_transport", rule);
    EXPECT_THAT(fault([&] { (void)transport("abi_1_transport"); }).line, HasSubstr(rule));
    host_ = PluginHost({kGuests}, {}, {});  // in this process: its factory ends it if it is called
    expect_refused("abi_1_discovery", rule);
}

// By this a later SDK adds abilities, without a change to what plugins have implemented already.
TEST_F(PluginHostTest, FindsAnAbilityOfAPluginByACast) {
    const auto able = discovery("able_discovery");
    const auto plain = discovery("good_discovery");

    const auto* ability = dynamic_cast<Ability*>(able.get());
    ASSERT_NE(ability, nullptr);
    EXPECT_EQ(ability->number(), 7);
    EXPECT_EQ(dynamic_cast<Ability*>(plain.get()), nullptr);
}

TEST_F(PluginHostTest, TakesADescriptorToWhichALaterRevisionHasAppended) {
    EXPECT_EQ(
        inspect_in_child(kProber, kGuests / "long_descriptor.so", std::chrono::seconds(30)).fault,
        "");
}

TEST_F(PluginHostTest, RefusesAPluginOfAnotherCompilerInOneLineThatNamesBoth) {
    if (!fs::exists(kGuests / "other_compiler.so")) GTEST_SKIP() << "there is one compiler";
    const std::string own = kToolchain;
    const bool by_gcc = own.starts_with("gcc");

    EXPECT_THAT(discovery_fault("other_compiler").line,
                testing::MatchesRegex(".*other_compiler\\.so: is built by toolchain " +
                                      std::string(by_gcc ? "clang" : "gcc") +
                                      "[0-9]+-[^ ]+, this electiond by " + own +
                                      "; rebuild it against the SDK of this electiond and with "
                                      "its compiler"));
}

TEST_F(PluginHostTest, ComparesTheDescriptorAlsoWithoutAChild) {
    host_ = PluginHost({own_, kGuests}, {}, {});

    expect_refused("wrong_magic", "begins with 0x00000007");
    expect_refused("no_descriptor", "does not export the symbol electiond_plugin");
    EXPECT_NE(discovery("good_discovery"), nullptr);
}

TEST_F(PluginHostTest, RefusesAPluginOfTheOtherKind) {
    expect_refused("good_transport",
                   "is a transport plugin, but a discovery is expected; name a discovery");
    EXPECT_THAT(fault([&] { (void)transport("good_discovery"); }).line,
                HasSubstr("is a discovery plugin, but a transport is expected"));
}

TEST_F(PluginHostTest, TellsAMissingFunctionAtOnce) {
    expect_refused("undefined_symbol", "nobody_has_written_this");
    EXPECT_THAT(discovery_fault("undefined_symbol").line,
                AllOf(Not(HasSubstr("Bad file descriptor")), Not(HasSubstr("boost"))));
}

TEST_F(PluginHostTest, RefusesWhatIsNoLibrary) {
    write("text.so", "I am a text, long enough for the header of a library that is none: ......");
    write("empty.so", "");
    fs::create_directory(own_ / "folder.so");

    expect_refused("text", "invalid ELF header");
    expect_refused("empty", "file too short");
    expect_refused("folder", "is not a regular file");
}

TEST_F(PluginHostTest, SurvivesALibraryCutOffAnywhere) {
    std::ifstream whole(kGuests / "good_discovery.so", std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(whole), {});

    for (const std::size_t parts : {1, 2, 4, 7}) {
        write("cut.so", bytes.substr(0, bytes.size() * parts / 8));
        const auto found = discovery_fault("cut");
        EXPECT_EQ(found.code, Error::config);
        EXPECT_THAT(found.line, HasSubstr("cut.so: "));
    }
}

TEST_F(PluginHostTest, LosesAChildAndNotItselfToALibraryThatCrashes) {
    expect_refused("crashes_at_load", "crashed while being loaded: signal 6 (Aborted)");
}

TEST_F(PluginHostTest, KillsAChildThatHangs) {
    host_ = PluginHost({kGuests}, kProber, {}, std::chrono::seconds(1));
    expect_refused("hangs_at_load", "has not finished loading within 1 s");
}

TEST_F(PluginHostTest, IsNotFooledByALibraryThatEndsTheChild) {
    expect_refused("exits_at_load", "ended the process while being loaded, with exit code 0");
}

TEST_F(PluginHostTest, DoesNotTakeALibrarysOwnOutputForTheAnswer) {
    const auto info =
        inspect_in_child(kProber, kGuests / "prints_at_load.so", std::chrono::seconds(30));

    EXPECT_EQ(info.fault, "");
    EXPECT_EQ(info.kind, "discovery");
}

TEST_F(PluginHostTest, SaysSoWhenTheProbingProgramIsMissing) {
    host_ = PluginHost({kGuests}, own_ / "electiond", {});

    const auto found = discovery_fault("good_discovery");

    EXPECT_EQ(found.code, Error::os);
    EXPECT_THAT(found.line, AllOf(HasSubstr((own_ / "electiond").string()),
                                  HasSubstr("No such file or directory")));
}

TEST_F(PluginHostTest, PassesWhatAFactoryThrowsAsItsOwnError) {
    const auto error = discovery_fault("throws_error");
    EXPECT_EQ(error.line, "the folder of n1 is gone");
    EXPECT_EQ(error.code, Error::disk);

    expect_refused("throws_exception", "cannot be created: a foreign fault");
    expect_refused("throws_int", "it threw something that is not an exception");
    expect_refused("returns_null", "its factory returned nothing");
}

// No program is there that could try them, so whatever is usable was tried together.
TEST_F(PluginHostTest, TriesPluginsTogetherWithoutAProgram) {
    host_ = PluginHost({own_, kGuests}, own_ / "electiond", {});

    host_.try_together({"", "../x", "nosuch", "good_discovery", "good_transport", "wrong_abi",
                        "prints_at_load", "strict_transport"});

    EXPECT_NE(discovery("good_discovery"), nullptr);
    EXPECT_NE(discovery("prints_at_load"), nullptr);
    EXPECT_NE(transport("good_transport"), nullptr);
    EXPECT_EQ(discovery_fault("wrong_abi").code, Error::os);
    EXPECT_EQ(discovery_fault("able_discovery").code, Error::os);
}

// By name, crashes, exits and hangs come between able and good.
TEST_F(PluginHostTest, FindsOutAloneWhatWentWrongTogether) {
    const std::vector<std::pair<std::string, std::string>> words = {
        {"crashes_at_load", "signal 6 (Aborted)"},
        {"exits_at_load", "with exit code 0"},
        {"hangs_at_load", "has not finished loading within 1 s"}};
    for (const auto& [plugin, said] : words) {
        host_ = PluginHost({kGuests}, kProber, {}, std::chrono::seconds(1));
        host_.try_together({"able_discovery", plugin, "good_discovery"},
                           std::chrono::milliseconds(500));

        expect_refused(plugin, said);
        EXPECT_NE(discovery("able_discovery"), nullptr);
        EXPECT_NE(discovery("good_discovery"), nullptr);
    }
}

TEST_F(PluginHostTest, TriesAFileAgainOnlyWhenItHasChanged) {
    fs::copy_file(kProber, own_ / "prober");
    fs::copy_file(kGuests / "good_discovery.so", own_ / "good_discovery.so");
    host_ = PluginHost({own_}, own_ / "prober", {});
    ASSERT_NE(discovery("good_discovery"), nullptr);

    fs::remove(own_ / "prober");

    EXPECT_NE(discovery("good_discovery"), nullptr);
    fs::last_write_time(own_ / "good_discovery.so",
                        fs::file_time_type::clock::now() + std::chrono::hours(1));
    EXPECT_EQ(discovery_fault("good_discovery").code, Error::os);
}

TEST_F(PluginHostTest, ListsEveryLibraryWithItsFault) {
    fs::copy_file(kGuests / "good_discovery.so", own_ / "good_discovery.so");
    fs::copy_file(kGuests / "wrong_abi.so", own_ / "wrong_abi.so");
    write("notes.txt", "no library, and not named like one");
    fs::create_directory(own_ / "second");
    fs::copy_file(kGuests / "good_discovery.so", own_ / "second" / "good_discovery.so");
    host_ = PluginHost({own_, own_ / "second", own_ / "nowhere"}, kProber, {});

    const auto list = host_.list();

    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].name, "good_discovery");
    EXPECT_EQ(list[0].version, "1.5 (a test)");
    EXPECT_EQ(list[0].kind, "discovery");
    EXPECT_EQ(list[0].file, own_ / "good_discovery.so");
    EXPECT_EQ(list[0].fault, "");
    EXPECT_EQ(list[1].name, "wrong_abi");
    EXPECT_EQ(list[1].kind, "");
    EXPECT_THAT(list[1].fault, HasSubstr("plugin ABI"));
    EXPECT_THAT(list[2].fault, HasSubstr((own_ / "good_discovery.so").string() + " comes first"));
}

TEST_F(PluginHostTest, KeepsALibraryLoaded) {
    (void)discovery("good_discovery");

    void* handle = ::dlopen((kGuests / "good_discovery.so").c_str(), RTLD_NOW | RTLD_NOLOAD);

    ASSERT_NE(handle, nullptr);
    ::dlclose(handle);
}

}  // namespace
}  // namespace electiond
