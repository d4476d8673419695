// Programs that are run: what they get, how they end, and that nothing of them is left.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>

#include <io/child.h>

#include "support/child_prints.h"

namespace electiond::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr seconds kLong{30};

Program shell(const std::string& command) {
    return {.command = {"/bin/sh", "-c", command}, .out = Output::captured()};
}

// Dead, though perhaps not collected by its new parent yet.
bool dead(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return true;
    return line.at(line.rfind(')') + 2) == 'Z';
}

bool dies(pid_t process) {
    const auto deadline = Clock::now() + kLong;
    while (!dead(process)) {
        if (Clock::now() > deadline) return false;
        ::poll(nullptr, 0, 5);
    }
    return true;
}

int number_in(const std::string& text) {
    return std::stoi(text.substr(text.find_first_of("0123456789")));
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

TEST(Child, TellsHowItsProgramHasEnded) {
    Child good({.command = {"/bin/true"}});
    EXPECT_EQ(good.wait(kLong).value().as_shell(), 0);

    Child bad(shell("exit 3"));
    EXPECT_EQ(bad.wait(kLong).value().code, 3);

    Child killed(shell("kill -9 $$"));
    EXPECT_EQ(killed.wait(kLong).value().signal, SIGKILL);
    EXPECT_EQ(killed.wait(kLong).value().as_shell(), 128 + SIGKILL);
}

TEST(Child, GivesWordsVariablesAndInputAsTheyAre) {
    ASSERT_EQ(::setenv("CHILD_TEST_OLD", "old", 1), 0);
    Child child(
        {.command = {"/bin/sh", "-c", R"(printf '%s|' "$1" "$2" "$CHILD_TEST_OLD" "$NEW"; cat)",
                     "sh", "a  b", "$(false)"},
         .environment = {{"CHILD_TEST_OLD", "replaced"}, {"NEW", "n e w"}},
         .input = "line\n",
         .out = Output::captured()});

    EXPECT_EQ(child.wait(kLong).value().code, 0);
    EXPECT_EQ(child.output(), "a  b|$(false)|replaced|n e w|line\n");
}

TEST(Child, HasNothingToReadWhereNoInputIsGiven) {
    Child child(shell("cat; echo done"));
    EXPECT_EQ(child.wait(kLong).value().code, 0);
    EXPECT_EQ(child.output(), "done\n");
}

TEST(Child, TakesInputThatNobodyReads) {
    Program program = shell("exit 0");
    program.input = std::string(1024 * 1024, 'x');
    Child child(program);
    EXPECT_EQ(child.wait(kLong).value().code, 0);
}

TEST(Child, NamesTheProgramAndTheReasonWhereItCannotBeRun) {
    const auto code_of = [](const std::string& path) {
        try {
            Child child({.command = {path}});
        } catch (const std::system_error& error) {
            EXPECT_THAT(error.what(), HasSubstr(path));
            return error.code().value();
        }
        return 0;
    };
    EXPECT_EQ(code_of("/nowhere/program"), ENOENT);
    EXPECT_EQ(code_of("/etc/passwd"), EACCES);
    EXPECT_EQ(code_of("/tmp"), EACCES);
    EXPECT_THROW(Child({.command = {}}), std::system_error);
}

TEST(Child, StillRunsWhenTheLimitIsOver) {
    Child child(shell("echo begun; exec sleep 1000"));
    ASSERT_TRUE(prints(child, "begun"));

    EXPECT_EQ(child.wait(milliseconds(20)), std::nullopt);
    EXPECT_FALSE(dead(child.pid()));
    EXPECT_EQ(child.end(kLong).signal, SIGTERM);
    EXPECT_TRUE(dead(child.pid()));
}

TEST(Child, EndsWithEverythingThatItHasStarted) {
    Child child(shell("sleep 1000 & echo $!; wait"));
    ASSERT_TRUE(prints(child, "\n"));
    const pid_t grandchild = number_in(child.output());
    ASSERT_FALSE(dead(grandchild));

    child.end(kLong);

    EXPECT_TRUE(dies(grandchild));
}

TEST(Child, LetsWhatItHasStartedTidyUp) {
    Child child(
        shell("(trap 'sleep 0.3; echo tidied; exit' TERM; echo ready; while :; do sleep 0.01; "
              "done) & wait"));
    ASSERT_TRUE(prints(child, "ready"));
    EXPECT_EQ(child.end(kLong).signal, SIGTERM);       // the shell itself ends at once
    EXPECT_THAT(child.output(), HasSubstr("tidied"));  // end() has waited for the other
}

TEST(Child, IsKilledWithItsGroupWhereItIgnoresTerm) {
    Child child(shell("trap '' TERM; sleep 1000 & echo $!; while :; do wait; done"));
    ASSERT_TRUE(prints(child, "\n"));
    const pid_t grandchild = number_in(child.output());

    EXPECT_EQ(child.end(milliseconds(50)).signal, SIGKILL);

    EXPECT_TRUE(dies(grandchild));
}

TEST(Child, KillsWhoIsLeftInTheGroupWhenTheGraceIsOver) {
    Child child(shell("(trap '' TERM; sleep 1000 & echo $!; wait) & wait"));
    ASSERT_TRUE(prints(child, "\n"));
    const pid_t left = number_in(child.output());

    EXPECT_EQ(child.end(milliseconds(50)).signal, SIGTERM);

    EXPECT_TRUE(dies(left));
}

TEST(Child, EndsAlsoWhereItIsStopped) {
    Child child(shell("echo ready; exec sleep 1000"));
    ASSERT_TRUE(prints(child, "ready"));
    child.signal(SIGSTOP);
    EXPECT_EQ(child.end(kLong).signal, SIGTERM);
}

TEST(Child, TakesSignals) {
    Child child(shell("trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done"));
    ASSERT_TRUE(prints(child, "ready"));
    child.signal(SIGINT);
    EXPECT_EQ(child.wait(kLong).value().code, 7);
}

TEST(Child, IsKilledWhenTheObjectGoes) {
    pid_t program = 0, grandchild = 0;
    {
        Child child(shell("sleep 1000 & echo $!; wait"));
        ASSERT_TRUE(prints(child, "\n"));
        program = child.pid();
        grandchild = number_in(child.output());
    }
    EXPECT_TRUE(dead(program));
    EXPECT_TRUE(dies(grandchild));
}

TEST(Child, DiesWithItsParent) {
    Child parent({.command = {PARENT}, .out = Output::captured()});
    ASSERT_TRUE(prints(parent, "\n"));
    const pid_t grandchild = number_in(parent.output());
    ASSERT_NE(::getpgid(grandchild), parent.pid());  // so it isn't the group's end that reaches it

    ::kill(parent.pid(), SIGKILL);

    EXPECT_TRUE(dies(grandchild));
}

TEST(Child, KeepsNoMoreOutputThanIsWanted) {
    Program program = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo ERR >&2");
    program.err = Output::captured();
    program.output_max = 1000;
    Child child(program);

    EXPECT_EQ(child.wait(kLong).value().code, 0);  // it was read, so the program was not held up

    EXPECT_EQ(child.output(), std::string(1000, 'x'));
    EXPECT_TRUE(child.output_cut());
}

TEST(Child, KeepsStandardErrorApartWhereItIsAskedTo) {
    Program program = shell("echo out; head -c 100000 /dev/zero | tr '\\0' e >&2; echo more");
    program.err = Output::captured_apart();
    program.errors_max = 1000;
    Child child(program);

    EXPECT_EQ(child.wait(kLong).value().code, 0);  // neither stream has held it up

    EXPECT_EQ(child.output(), "out\nmore\n");
    EXPECT_FALSE(child.output_cut());
    EXPECT_EQ(child.errors(), std::string(1000, 'e'));
}

TEST(Child, IsEndedInTimeWhileItWritesWithoutEnd) {
    Child child(shell("exec yes"));
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    while (child.output().size() < Program{}.output_max) {
        ASSERT_EQ(child.wait(milliseconds(10)), std::nullopt);
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    EXPECT_EQ(child.end(kLong).signal, SIGTERM);
    EXPECT_EQ(child.output().size(), Program{}.output_max);
}

TEST(Child, WritesIntoADescriptorOrNowhere) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Descriptor reader(ends[0]), writer(ends[1]);
    Child child({.command = {"/bin/sh", "-c", "echo out; echo err >&2"},
                 .out = Output::discarded(),
                 .err = Output::to(writer.get())});
    EXPECT_EQ(child.wait(kLong).value().code, 0);
    char text[16] = {};
    EXPECT_EQ(::read(reader.get(), text, sizeof text), 4);
    EXPECT_STREQ(text, "err\n");
}

TEST(Child, BeginsWithCleanSignalsAndNoDescriptorOfOurs) {
    const Descriptor ours(::open("/dev/null", O_RDONLY));  // would be inherited
    ASSERT_GT(ours.get(), 2);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    const auto handler = ::signal(SIGUSR1, SIG_IGN);

    Child status({.command = {"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"},
                  .out = Output::captured()});
    EXPECT_EQ(status.wait(kLong).value().code, 0);
    Child list({.command = {"/bin/ls", "/proc/self/fd"}, .out = Output::captured()});
    EXPECT_EQ(list.wait(kLong).value().code, 0);

    ::signal(SIGUSR1, handler);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(status.output(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    EXPECT_EQ(list.output(), "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(Child, CanBeACopyOfThisProcessThatCallsAFunction) {
    const Descriptor ours(::open("/dev/null", O_RDONLY));
    ASSERT_GT(ours.get(), 2);
    const int number = 41;
    const auto act = [&] {
        const bool inherited = ::fcntl(ours.get(), F_GETFD) >= 0;
        sigset_t blocked;
        ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
        const std::string said = std::string(inherited ? "inherited" : "closed") + " " +
                                 (sigismember(&blocked, SIGTERM) == 1 ? "blocked" : "open") + " " +
                                 std::to_string(::getpgrp() == ::getpid());
        return ::write(STDOUT_FILENO, said.data(), said.size()) < 0 ? 1 : number + 1;
    };
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &term, &before), 0);
    Child child({.command = {}, .act = act, .out = Output::captured()});
    pthread_sigmask(SIG_SETMASK, &before, nullptr);

    EXPECT_EQ(child.wait(kLong).value().code, 42);
    EXPECT_EQ(child.output(), "closed open 1");
}

TEST(Child, LeavesNoDescriptorBehind) {
    const auto before = open_descriptors();
    for (int i = 0; i < 3; ++i) {
        Program program = shell("cat");
        program.input = "x";
        program.err = Output::discarded();
        Child child(program);
        EXPECT_TRUE(child.wait(kLong));
        EXPECT_THROW(Child({.command = {"/nowhere"}}), std::system_error);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Child, TellsTheEndWhereOurParentIgnoredTheEndsOfChildren) {
    const auto handler = ::signal(SIGCHLD, SIG_IGN);
    Child child(shell("exit 3"));
    EXPECT_EQ(child.wait(kLong).value().code, 3);
    ::signal(SIGCHLD, handler);
}

TEST(Child, CanBeAwaitedBesideOtherThings) {
    Child child(shell("exit 0"));
    pollfd watched{child.handle(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 30'000), 1);
    EXPECT_EQ(child.wait(milliseconds(0)).value().code, 0);
}

}  // namespace
}  // namespace electiond::io
