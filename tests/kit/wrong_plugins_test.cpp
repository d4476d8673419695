// Plugins that are wrong, each in one way: the kit names each by one clear line, and lives on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <ostream>

#include "plugin_scene.h"

namespace electiond::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Wrong {
    std::string guest;
    std::string failing;  // the case
    std::string words;    // what the line says
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.guest; }

std::string name_of(const testing::TestParamInfo<Wrong>& info) { return info.param.guest; }

void expect_named(const Finished& finished, const Wrong& wrong) {
    EXPECT_EQ(finished.code, 1) << finished.said;
    const auto faults = lines_with(finished.said, "not ok ");
    ASSERT_EQ(faults.size(), 1U) << finished.said;
    EXPECT_THAT(faults.front(), HasSubstr(" - " + wrong.failing + ": "));
    EXPECT_THAT(faults.front(), HasSubstr(wrong.words));
}

// ---- files that do not load ---------------------------------------------------------------------

const std::vector<Wrong> kUnloadable = {
    {"wrong_abi", "loads", "is built for plugin ABI "},
    {"wrong_toolchain", "loads", "is built by toolchain gcc2-cpp199711L, this electiond by "},
    {"wrong_size", "loads", "its descriptor has 24 bytes"},
    {"wrong_revision", "loads", "is built for plugin ABI "},
    {"abi_1_discovery", "loads", "is built for plugin ABI 1, this electiond has ABI "},
    {"debug_library", "loads", "is built by toolchain "},
    {"wrong_magic", "loads", "its descriptor begins with 0x00000007"},
    {"wrong_kind", "loads", "is of kind 7, which is neither discovery nor transport"},
    {"wrong_name", "loads", "holds the plugin another, not wrong_name"},
    {"wrong_factory", "loads", "does not have exactly the one factory of a discovery"},
    {"no_descriptor", "loads", "does not export the symbol electiond_plugin"},
    {"undefined_symbol", "loads", "nobody_has_written_this"},
    {"crashes_at_load", "loads", "loading it crashed: signal 6 (Aborted)"},
    {"exits_at_load", "loads", "loading it ended the process, with exit code 0"},
};

class UnloadablePlugin : public testing::TestWithParam<Wrong> {};

TEST_P(UnloadablePlugin, IsNamedByOneLine) {
    expect_named(plugin({"check", kHostGuests / (GetParam().guest + ".so")}), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, UnloadablePlugin, testing::ValuesIn(kUnloadable), name_of);

TEST(UnloadableFile, IsNamedByOneLine) {
    const Folder folder;
    write(folder / "text.so", "I am a text, long enough for the header of a library: ..........");
    write(folder / "empty.so", "");
    const auto whole = read(kHostGuests / "good_discovery.so");
    write(folder / "cut.so", whole.substr(0, whole.size() / 2));

    expect_named(plugin({"check", folder / "text.so"}), {"text", "loads", "invalid ELF header"});
    expect_named(plugin({"check", folder / "empty.so"}), {"empty", "loads", "file too short"});
    expect_named(plugin({"check", folder / "cut.so"}), {"cut", "loads", "cut.so"});
    expect_named(plugin({"check", folder / "missing.so"}),
                 {"missing", "loads", "there is no such file"});
    expect_named(plugin({"check", folder.path()}), {"folder", "loads", "is not a regular file"});
}

TEST(UnloadableFile, ThatHangsIsEnded) {
    expect_named(plugin({"check", kHostGuests / "hangs_at_load.so", "--timeout", "1s"}),
                 {"hangs_at_load", "loads", "loading it has not ended within 1 s"});
}

TEST(UnloadableFile, CannotForgeWhatItIs) {
    const auto finished = plugin({"check", kHostGuests / "prints_at_load.so", "--case", "factory"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr(": discovery prints_at_load 1.0\n"));
}

// ---- factories that fail ------------------------------------------------------------------------

const std::vector<Wrong> kUnmakable = {
    {"throws_error", "factory", "the folder of 1 is gone"},
    {"throws_exception", "factory", "cannot be created: a foreign fault"},
    {"throws_int", "factory", "it threw something that is not an exception"},
    {"returns_null", "factory", "its factory returned nothing"},
};

class UnmakablePlugin : public testing::TestWithParam<Wrong> {};

// All else needs the factory, and is skipped.
TEST_P(UnmakablePlugin, IsNamedByOneLine) {
    const auto finished = plugin({"check", kHostGuests / (GetParam().guest + ".so")});
    expect_named(finished, GetParam());
    EXPECT_THAT(finished.said, HasSubstr("# SKIP needs factory\n"));
}

INSTANTIATE_TEST_SUITE_P(All, UnmakablePlugin, testing::ValuesIn(kUnmakable), name_of);

// ---- calls that fail ----------------------------------------------------------------------------

// KIND_DEFECT of guests/.
const std::vector<Wrong> kWrongCalls = {
    {"discovery_aborts", "poll", "poll crashed: signal 6 (Aborted)"},
    {"discovery_blocks_at_thousandth", "poll_works_for_long", "poll has not returned within 12 s"},
    {"discovery_claims_for_itself", "claim_second_gets_first",
     "returns cluster-of-b of uuid-of-b instead of cluster-of-a of uuid-of-a"},
    {"discovery_crashes", "poll", "poll crashed: signal 11 (Segmentation fault)"},
    {"discovery_exits", "poll", "poll ended the process, with exit code 0"},
    {"discovery_fills_memory", "poll", "poll uses more than 256 MiB of memory"},
    {"discovery_forks", "poll", "a child process is left behind"},
    {"discovery_forks_and_goes_on", "poll", "a child process is left behind"},
    {"discovery_gives_many", "poll_gives_few", "poll returns 258 addresses; the host refuses more"},
    {"discovery_hangs", "poll", "poll has not returned within 12 s"},
    {"discovery_ignores_kinds", "factory_refuses_wrong_values",
     "given a list of maps as path did not throw an Error"},
    {"discovery_ignores_stop", "stop_poll", "poll with a requested stop took 4."},
    {"discovery_keeps_descriptors", "poll_keeps_descriptors", "leave descriptors open"},
    {"discovery_keeps_memory", "poll_keeps_memory", "keep more memory with each call"},
    {"discovery_keeps_thread", "ends_threads", "threads of the plugin run on after its destructor"},
    {"discovery_keeps_threads", "poll_keeps_threads", "leave threads running"},
    {"discovery_loses_addresses", "spreads_all", "another node finds a (127.0.0.1:4001)"},
    {"discovery_mixes_clusters", "spreads_in_one_cluster", "a node of another cluster is found"},
    {"discovery_opens_in_factory", "factory_opens_nothing", "/dev/null"},
    {"discovery_prints", "prints_nothing", "writes to standard output or error: polled"},
    {"discovery_replaces_no_claim", "claim_replaced", "a claim after replace_claim returns"},
    {"discovery_resets_sigpipe", "leaves_signals",
     "a call changes how signals are handled: 13 (Broken pipe) has no handler"},
    {"discovery_sets_signal", "leaves_signals",
     "a call changes how signals are handled: 15 (Terminated) is ignored"},
    {"discovery_shuffles", "spreads_in_order", "another order, although nothing has changed"},
    {"discovery_starts_in_factory", "factory_starts_no_thread", "the factory starts a thread"},
    {"discovery_takes_placeholder", "factory_without_options",
     "the factory crashed: signal 6 (Aborted)"},
    {"discovery_throws", "poll", "poll threw: a foreign fault"},
    {"discovery_throws_from_withdraw", "withdraw_unannounced", "withdraw crashed: signal 6"},
    {"discovery_throws_number", "poll", "poll threw something that is not a std::exception"},
    {"discovery_withdraws_all", "withdraw_itself_alone", "removes another one"},
    {"discovery_writes_in_check", "check_leaves_no_trace", "check makes or changes a file"},
    {"transport_answers_twice", "start_is_reached",
     "OnResponse is called a second time for one request"},
    {"transport_believes_sender", "names_of_sender", "verified_names are taken from the Request"},
    {"transport_blocks_at_thousandth", "send_many_in_turn", "send has not returned within 12 s"},
    {"transport_blocks_in_stop", "start", "the destructor has not returned within 12 s"},
    {"transport_changes_bodies", "send", "a body arrives changed"},
    {"transport_crashes_at_size", "send_large_bodies", "send crashed: signal 6 (Aborted)"},
    {"transport_drops_at_stop", "destructor_stops", "before OnResponse was called for a request"},
    {"transport_exits", "start_is_reached", "send ended the process, with exit code 0"},
    {"transport_ignores_timeout", "response_after_stop",
     "OnResponse is never called for a request"},
    {"transport_keeps_thread", "ends_threads", "threads of the plugin run on after stop()"},
    {"transport_keeps_threads", "send_keeps_resources", "requests leave threads running"},
    {"transport_lies_about_limits", "limits_refuse_bodies", "passes a receiver with body_bytes"},
    {"transport_lies_about_tls", "tls_proves_names", "has the verified_names none"},
    {"transport_loses_one_in_hundred", "reported_once", "OnResponse is never called for a request"},
    {"transport_mixes_answers", "send_many_at_once", "a request gets the response of another one"},
    {"transport_mixes_lanes", "send_in_lanes", "is delivered in another lane"},
    {"transport_names_no_address", "start_names_taken_address", "does not name 127.0.0.1:"},
    {"transport_never_busy", "response_uncalled", "responds timed_out"},
    {"transport_returns_port_0", "start", "start returns port 0"},
    {"transport_throws_from_start", "start", "start threw: cannot start today"},
};

class WrongPlugin : public testing::TestWithParam<Wrong> {};

TEST_P(WrongPlugin, IsNamedByOneLine) {
    const auto& [guest, failing, words] = GetParam();
    const auto kind = guest.substr(0, guest.find('_'));
    std::vector<std::string> more{"--case", failing};
    if (kind == "discovery") more.insert(more.end(), {"--option", "path=file"});
    expect_named(check_guest(kind, guest.substr(kind.size() + 1), more), GetParam());
}

TEST(DaemonOfAPlugin, IsEnded) {
    const Folder folder;
    const auto finished =
        run({"/usr/bin/env", "GUEST_DEFECT=leaves_daemon",
             "GUEST_PID_FILE=" + (folder / "pid").string(), ELECTIONCTL, "plugin", "check",
             kKitGuests / "discovery_guest.so", "--option", "path=file", "--case", "poll"},
            std::chrono::seconds(60));

    expect_named(finished, {"leaves_daemon", "poll", "poll ended the process, with exit code 3"});
    const auto daemon = std::stoi(read(folder / "pid"));
    EXPECT_NE(::kill(daemon, 0), 0) << daemon;
}

INSTANTIATE_TEST_SUITE_P(All, WrongPlugin, testing::ValuesIn(kWrongCalls), name_of);

}  // namespace
}  // namespace electiond::cluster
