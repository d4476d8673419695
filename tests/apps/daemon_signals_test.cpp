// electiond and signals: SIGTERM at any moment, SIGHUP, and running in the background.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <utility>

#include "daemon_scene.h"

namespace electiond {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Electiond, EndsWellOnTermAndOnInterrupt) {
    for (const int signal : {SIGTERM, SIGINT}) {
        DaemonScene scene;
        const auto process = scene.start_and_lead();
        process->signal(signal);
        EXPECT_EQ(process->wait(seconds(5)), 0) << scene.log();
        EXPECT_THAT(scene.log(), HasSubstr("has stopped"));
    }
}

// main has begun: SIGTERM is held back. If SIGCHLD is, too, the process is still being forked.
bool in_main(pid_t pid) {
    const auto text = cluster::read("/proc/" + std::to_string(pid) + "/status");
    const auto at = text.find("SigBlk:");
    const auto mask = at == std::string::npos ? 0 : std::stoul(text.substr(at + 7), nullptr, 16);
    return (mask >> (SIGTERM - 1) & 1) != 0 && (mask >> (SIGCHLD - 1) & 1) == 0;
}

// Waits until main has begun.
TEST(Electiond, EndsWellWhereTermComesWhileItStarts) {
    DaemonScene scene;
    for (int delay_ms = 0; delay_ms < 15; ++delay_ms) {
        std::filesystem::remove(scene.folder / "log");
        const auto process = scene.start();
        while (!in_main(process->pid()) && process->running()) {
        }
        (void)process->wait(cluster::Milliseconds{delay_ms});
        process->signal(SIGTERM);
        EXPECT_EQ(process->wait(seconds(10)), 0) << "after " << delay_ms << " ms\n" << scene.log();
    }
    EXPECT_NE(scene.start_and_lead(), nullptr);
}

std::size_t count(const std::string& text, const std::string& words) {
    std::size_t found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++found;
    return found;
}

// By default each of these ends a process.
TEST(Electiond, IgnoresSignalsThatMeanNothingAndSaysSoOnce) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    const std::pair<int, std::string> signals[] = {
        {SIGUSR1, "USR1"},     {SIGUSR2, "USR2"},     {SIGALRM, "ALRM"},     {SIGVTALRM, "VTALRM"},
        {SIGPROF, "PROF"},     {SIGIO, "POLL"},       {SIGSTKFLT, "STKFLT"}, {SIGPWR, "PWR"},
        {SIGRTMIN, "RTMIN+0"}, {SIGRTMAX, "RTMIN+30"}};
    for (int round = 0; round < 2; ++round) {
        for (const auto& [signal, name] : signals) process->signal(signal);
        process->signal(SIGPIPE);
        process->signal(SIGXFSZ);
        process->signal(SIGHUP);  // sent after them, so handled after them
        ASSERT_TRUE(cluster::wait_until([&] {
            return count(scene.log(), "read again") == static_cast<std::size_t>(round) + 1;
        })) << scene.log();
    }
    for (const auto& [signal, name] : signals) {
        EXPECT_EQ(count(scene.log(), "signal " + name + " has no meaning"), 1u) << name;
    }
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 200);
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
}

TEST(Electiond, EndsWellWhereItsProcessorTimeIsUsedUp) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    process->signal(SIGXCPU);
    EXPECT_EQ(process->wait(seconds(10)), 71);
    EXPECT_THAT(scene.log(), AllOf(HasSubstr("RLIMIT_CPU"), HasSubstr("has stopped")));
}

// SIGXFSZ would kill it.
TEST(Electiond, TakesAFileSizeLimitForADiskFault) {
    DaemonScene scene;
    scene.write_config();
    const auto finished = cluster::run(
        {"/bin/sh", "-c", "ulimit -f 16; exec $0 --config $1", ELECTIOND, scene.config().string()});
    EXPECT_EQ(finished.code, 74) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("File too large"));
}

// ---- while it starts: whatever hangs there

// A fifo without a writer simulates a file on a file system that does not answer.
class HangingStart : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(::mkfifo(scene_.config().c_str(), 0600), 0);
        process_ = std::make_unique<cluster::Process>(
            std::vector<std::string>{ELECTIOND, "--config", scene_.config().string()},
            scene_.folder / "log");
        ASSERT_TRUE(cluster::wait_until([this] { return in_main(process_->pid()); }));
    }

    DaemonScene scene_;
    std::unique_ptr<cluster::Process> process_;
};

TEST_F(HangingStart, EndsWithinThePromisedTime) {
    process_->signal(SIGTERM);
    EXPECT_EQ(process_->wait(seconds(8)), 0) << scene_.log();
    EXPECT_THAT(scene_.log(), HasSubstr("something hangs"));
}

TEST_F(HangingStart, EndsAtOnceWhenAskedASecondTime) {
    const auto begin = std::chrono::steady_clock::now();
    process_->signal(SIGTERM);
    // A supervisor may deliver one signal twice: this counts as one request.
    process_->signal(SIGINT);
    EXPECT_EQ(process_->wait(cluster::Milliseconds{1200}), std::nullopt);
    process_->signal(SIGINT);
    EXPECT_EQ(process_->wait(seconds(3)), 0) << scene_.log();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, cluster::Milliseconds{4700});
    EXPECT_THAT(scene_.log(), HasSubstr("asked a second time"));
}

// A name server of the test's own that never answers; false without the right to set one up.
bool silence_the_name_service(const std::filesystem::path& folder, int socket) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x7f090909);  // 127.9.9.9
    address.sin_port = htons(53);
    cluster::write(folder / "resolv.conf", "nameserver 127.9.9.9\noptions timeout:30 attempts:2\n");
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
           ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount((folder / "resolv.conf").c_str(), "/etc/resolv.conf", nullptr, MS_BIND,
                   nullptr) == 0;
}

TEST(Electiond, EndsWithinThePromisedTimeWhereANameLookUpHangs) {
    DaemonScene scene;
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!silence_the_name_service(scene.folder.path(), socket)) {
        ::close(socket);
        GTEST_SKIP() << "needs root";
    }
    scene.sections["transport"] =
        "{listen: \"silent.example:7401\", advertise: \"127.0.0.1:7401\", insecure: true}";
    const auto process = scene.start();
    pollfd asked{socket, POLLIN, 0};
    EXPECT_EQ(::poll(&asked, 1, 20'000), 1) << scene.log();  // the look-up has begun
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(8)), 0) << scene.log();
    ::close(socket);
    ::umount2("/etc/resolv.conf", MNT_DETACH);
}

// ---- commands that do not serve end by signals as any program does

TEST(Electiond, EndsOnInterruptWhereItAsksAQuestion) {
    DaemonScene scene;
    {
        const auto process = scene.start_and_lead();
        process->signal(SIGTERM);
        ASSERT_EQ(process->wait(seconds(10)), 0);
    }
    const auto fifo = scene.folder / "answers";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    cluster::Process process({"/bin/sh", "-c", "exec $0 recover --force --config $1 <>$2",
                              ELECTIOND, scene.config().string(), fifo.string()},
                             scene.folder / "log");
    ASSERT_TRUE(scene.logs("Type yes")) << scene.log();
    process.signal(SIGINT);
    EXPECT_EQ(process.wait(seconds(10)), 128 + SIGINT);
}

// ---- descriptors that are closed at the start

TEST(Electiond, OpensNothingUnderTheNumbersOfTheStandardStreams) {
    DaemonScene scene;
    scene.write_config();
    cluster::Process process(
        {"/bin/sh", "-c", "exec $0 --config $1 <&- >&- 2>&-", ELECTIOND, scene.config().string()},
        scene.folder / "log");
    ASSERT_TRUE(cluster::wait_until([&] {
        return !process.running() || cluster::ask(scene.api, "GET", "/leader").code == 200;
    }));
    ASSERT_TRUE(process.running());
    for (const char* stream : {"0", "1", "2"}) {
        EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(process.pid()) + "/fd/" +
                                                stream),
                  "/dev/null");
    }
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(seconds(10)), 0);
    EXPECT_NE(scene.start_and_lead(), nullptr);
    EXPECT_THAT(scene.log(), Not(HasSubstr("damaged")));
}

TEST(Electiond, TakesANewLogLevelOnHup) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    EXPECT_THAT(scene.log(), Not(HasSubstr(" debug ")));

    scene.sections["log"] = "{level: debug}";
    scene.sections["election"] = "{election_timeout: 400ms}";
    scene.write_config();
    process->signal(SIGHUP);

    EXPECT_TRUE(scene.logs("read again")) << scene.log();
    EXPECT_TRUE(scene.logs("need a restart")) << scene.log();
    EXPECT_THAT(scene.log(), HasSubstr("election.election_timeout"));
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 200);
}

TEST(Electiond, SaysNothingMoreAtInfoOnceTheLevelIsWarning) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    scene.sections["log"] = "{level: warning}";
    scene.sections["election"] = "{election_timeout: 400ms}";
    scene.write_config();
    process->signal(SIGHUP);
    ASSERT_TRUE(scene.logs("need a restart")) << scene.log();

    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
    EXPECT_THAT(scene.log(), Not(HasSubstr("has stopped")));
}

TEST(Electiond, ChangesNothingOnHupWithABadFile) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    const auto before = cluster::ask(scene.api, "GET", "/status");

    scene.sections["log"] = "{level: loud}";
    scene.write_config();
    process->signal(SIGHUP);

    EXPECT_TRUE(scene.logs("reload failed, keeping the old configuration")) << scene.log();
    EXPECT_THAT(scene.log(), HasSubstr("loud"));
    const auto after = cluster::ask(scene.api, "GET", "/status");
    EXPECT_EQ(after.text("state"), "LEADER");
    EXPECT_EQ(after.number("term"), before.number("term"));
}

// The signals have been taken from the kernel: none of them is pending any more.
bool taken(pid_t pid) {
    const auto text = cluster::read("/proc/" + std::to_string(pid) + "/status");
    const auto at = text.find("ShdPnd:");
    return at != std::string::npos && std::stoul(text.substr(at + 7), nullptr, 16) == 0;
}

// A reload waits for its file to be written to: a pipe in place of the configuration.
class HangingReload {
  public:
    explicit HangingReload(DaemonScene& scene)
        : scene_(scene), process_(scene.start_and_lead()), text_(cluster::read(scene.config())) {
        std::filesystem::remove(scene.config());
        EXPECT_EQ(::mkfifo(scene.config().c_str(), 0600), 0);
        process_->signal(SIGHUP);
        EXPECT_TRUE(cluster::wait_until([&] {  // opens once the daemon reads
            fifo_ = ::open(scene_.config().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            return fifo_ >= 0;
        })) << scene.log();
    }
    HangingReload(const HangingReload&) = delete;
    HangingReload& operator=(const HangingReload&) = delete;
    ~HangingReload() { ::close(fifo_); }

    // Has the daemon take this signal from the kernel.
    void signal(int signal) const {
        process_->signal(signal);
        EXPECT_TRUE(cluster::wait_until([&] { return taken(process_->pid()); }));
    }
    void let_it_end() {
        EXPECT_EQ(::write(fifo_, text_.data(), text_.size()), static_cast<ssize_t>(text_.size()));
        ::close(std::exchange(fifo_, -1));
    }
    [[nodiscard]] cluster::Process& process() const { return *process_; }

  private:
    DaemonScene& scene_;
    const std::unique_ptr<cluster::Process> process_;
    const std::string text_;
    int fifo_ = -1;
};

// The limit of the stop counts already: reloads that wait could use it up, and the process would
// end without a hand-over.
TEST(Electiond, StopsBeforeReloadsThatWait) {
    DaemonScene scene;
    HangingReload reload(scene);

    for (const int signal : {SIGHUP, SIGHUP, SIGTERM}) reload.signal(signal);
    reload.let_it_end();

    EXPECT_EQ(reload.process().wait(seconds(10)), 0) << scene.log();
    EXPECT_THAT(scene.log(), AllOf(HasSubstr("configuration read again"), HasSubstr("has stopped"),
                                   Not(HasSubstr("something hangs"))));
}

TEST(Electiond, HandsOverAtOnceIfAReloadHangs) {
    DaemonScene scene;
    HangingReload reload(scene);

    reload.signal(SIGTERM);
    EXPECT_TRUE(scene.logs("reason=shutdown")) << scene.log();
    EXPECT_TRUE(reload.process().running());
    reload.let_it_end();

    EXPECT_EQ(reload.process().wait(seconds(10)), 0) << scene.log();
    EXPECT_THAT(scene.log(), HasSubstr("has stopped"));
}

TEST(Electiond, GoesIntoTheBackgroundAndLeavesItsNumber) {
    DaemonScene scene;
    const auto pidfile = scene.folder / "pid";
    scene.write_config();
    cluster::Process parent({ELECTIOND, "--config", scene.config().string(), "--daemon",
                             "--pidfile=" + pidfile.string()},
                            scene.folder / "log");
    EXPECT_EQ(parent.wait(seconds(20)), 0) << scene.log();
    ASSERT_TRUE(cluster::wait_until([&] {
        return cluster::ask(scene.api, "GET", "/leader").code == 200;
    })) << scene.log();

    const int pid = std::stoi("0" + cluster::read(pidfile));
    ASSERT_GT(pid, 1);
    EXPECT_NE(pid, parent.pid());
    ASSERT_EQ(::kill(pid, SIGTERM), 0);
    const bool ended = cluster::wait_until([&] { return ::kill(pid, 0) != 0; });
    EXPECT_TRUE(ended);
    if (!ended) ::kill(pid, SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(pidfile));
}

TEST(Electiond, RefusesABadConfigurationBeforeItGoesIntoTheBackground) {
    DaemonScene scene;
    scene.sections["log"] = "{level: loud}";
    scene.sections["transport"] = "{plugin: pigeon}";

    const auto finished = scene.run({"--daemon"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("loud"), HasSubstr("pigeon")));
    EXPECT_FALSE(std::filesystem::exists(scene.folder / "data"));
}

}  // namespace
}  // namespace electiond
