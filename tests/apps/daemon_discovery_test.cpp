// electiond under every fault of a registry writes only a few lines to its log.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using cluster::Milliseconds;

// A node that polls a hundred times a second, and what is wrong with its registry.
struct Trouble {
    std::string name;
    std::string sign;  // what the log reports
    std::function<void(const fs::path& folder)> harm;
    bool as_other_user = false;
    bool again_and_again = false;  // repeats the fault while the test runs
};

constexpr char kClaimName[] = "cluster.json.demo.claim";

void make_small_disk(const fs::path& folder) {
    fs::create_directory(folder / "shared");
    if (::mount("tmpfs", (folder / "shared").c_str(), "tmpfs", 0, "size=16k") != 0) return;
    const std::string block(4096, 'x');
    std::ofstream(folder / "shared/ballast") << block << block << block << block << block;
}

void make_read_only(const fs::path& folder) {
    fs::create_directory(folder / "shared");
    if (::mount("tmpfs", (folder / "shared").c_str(), "tmpfs", MS_RDONLY, "size=16k") != 0) return;
}

const std::vector<Trouble>& troubles() {
    using cluster::write;
    static const std::vector<Trouble> all{
        {"FolderMissing", "does not exist; create it", [](const fs::path&) {}},
        {"OfAnotherUser", "let the daemon's user read and write there",
         [](const fs::path& folder) {
             fs::create_directory(folder / "shared");
             write(folder / "shared/cluster.json", R"({"nodes":[]})");
             write(folder / "shared" / kClaimName, "{}");
             fs::permissions(folder / "shared" / kClaimName, fs::perms(0600));
             fs::permissions(folder / "shared/cluster.json", fs::perms(0600));
         },
         true},
        {"RegistryGarbledAgainAndAgain", "done now",
         [](const fs::path& folder) {
             fs::create_directories(folder / "shared");
             write(folder / "shared/cluster.json", "garbled");
         },
         false, true},
        {"ClaimGarbled", "it decides which node may found the cluster",
         [](const fs::path& folder) {
             fs::create_directory(folder / "shared");
             write(folder / "shared" / kClaimName, "garbled");
         }},
        {"ClaimGarbledAndRegistryADirectory", "is not a regular file",
         [](const fs::path& folder) {
             fs::create_directories(folder / "shared/cluster.json");
             write(folder / "shared" / kClaimName, "garbled");
         }},
        {"APipe", "is not a regular file",
         [](const fs::path& folder) {
             fs::create_directory(folder / "shared");
             (void)::mkfifo((folder / "shared/cluster.json").c_str(), 0600);
         }},
        {"LockAPipe", "is not a regular file",
         [](const fs::path& folder) {
             fs::create_directory(folder / "shared");
             (void)::mkfifo((folder / "shared/cluster.json.lock").c_str(), 0600);
         }},
        {"DiskFull", "make room on that file system", make_small_disk},
        {"ReadOnly", "mount that file system for writing", make_read_only}};
    return all;
}

// A node under one of them.
class Sufferer {
  public:
    explicit Sufferer(const Trouble& trouble) : trouble_(trouble) {
        scene_.sections["discovery"] = "[{plugin: file_registry, path: shared/cluster.json}]";
        scene_.sections["election"] = "{election_timeout: 300ms, hello_interval: 10ms}";
        trouble_.harm(scene_.folder.path());
        scene_.write_config();
        std::vector<std::string> command;
        if (trouble_.as_other_user) {
            fs::permissions(scene_.folder.path(), fs::perms(0755));
            fs::create_directory(scene_.folder / "data");
            if (::chown((scene_.folder / "data").c_str(), 65534, 65534) != 0) std::abort();
            command = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                       "--pdeathsig=KILL"};
        }
        command.insert(command.end(), {ELECTIOND, "--config", scene_.config().string()});
        process_ = std::make_unique<cluster::Process>(command, scene_.folder / "log");
    }
    ~Sufferer() { ::umount2((scene_.folder / "shared").c_str(), MNT_DETACH); }

    void harm_again() const {
        if (trouble_.again_and_again) trouble_.harm(scene_.folder.path());
    }
    [[nodiscard]] int lines_about_discovery() const {
        std::istringstream log(scene_.log());
        int count = 0;
        for (std::string line; std::getline(log, line);) {
            count += static_cast<int>(line.find("discovery") != line.npos ||
                                      line.find("the registry ") != line.npos);
        }
        return count;
    }
    void expect_sign() const { EXPECT_TRUE(scene_.logs(trouble_.sign)) << shown(); }
    [[nodiscard]] std::string shown() const { return trouble_.name + "\n" + scene_.log(); }
    [[nodiscard]] bool up() const { return cluster::ask(scene_.api, "GET", "/livez").code == 200; }
    [[nodiscard]] cluster::Process& process() { return *process_; }

  private:
    const Trouble& trouble_;
    DaemonScene scene_;
    std::unique_ptr<cluster::Process> process_;
};

// All of them at once, since each takes only time. Hundreds of polls and a dozen claims are made.
TEST(ElectiondUnderAFaultOfItsRegistry, WritesALineForEachThingThatFailsAndNoMore) {
    // In a mount namespace of our own, so that no mount outlives the test.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        GTEST_SKIP() << "needs root, to mount and to become another user";
    }
    std::vector<std::unique_ptr<Sufferer>> all;
    for (const auto& trouble : troubles()) all.push_back(std::make_unique<Sufferer>(trouble));
    for (const auto& each : all) {
        ASSERT_TRUE(cluster::wait_until([&] { return each->up(); })) << each->shown();
        each->expect_sign();
    }

    // announce, poll and claim, and the repair of the registry.
    const auto floods = [&] {
        bool any = false;
        for (const auto& each : all) {
            each->harm_again();
            any = any || each->lines_about_discovery() > 4;
        }
        return any;
    };
    EXPECT_FALSE(cluster::wait_until(floods, Milliseconds{4000}));

    for (const auto& each : all) {
        EXPECT_LE(each->lines_about_discovery(), 4) << each->shown();
        each->process().signal(SIGTERM);
    }
    for (const auto& each : all) {
        EXPECT_EQ(each->process().wait(std::chrono::seconds(20)), 0) << each->shown();
    }
}

}  // namespace
}  // namespace electiond
