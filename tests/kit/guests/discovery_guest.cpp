// A discovery within one process that keeps every rule, but for the one defect that the environment
// variable GUEST_DEFECT names, if it is set.
#include <electiond/plugin.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>

namespace {

using namespace electiond;

// Whether this is the defect. "blocks_at_thousandth": each is a word of wrong_plugins_test.cpp.
bool has(std::string_view defect) {
    static const char* const named = std::getenv("GUEST_DEFECT");
    return named != nullptr && named == defect;
}

struct World {
    std::mutex mutex;
    std::map<std::string, std::map<std::string, Peer>> nodes;  // by cluster, by id
    std::map<std::string, Claim> claims;                       // by cluster
};

World& world() {
    static World all;
    return all;
}

[[noreturn]] void hang() {
    for (;;) ::pause();
}

[[noreturn]] void fail() { throw Error("cannot withdraw"); }

void start_thread() { std::thread(hang).detach(); }

void crash() {
    volatile int* nowhere = nullptr;
    *nowhere = 1;
}

class Guest : public Discovery, public Arbiter {
  public:
    explicit Guest(const PluginSetup& setup)
        : cluster_(has("mixes_clusters") ? "one" : setup.cluster) {
        path_ = "/nowhere";
        if (!has("ignores_kinds") && setup.options.has("path")) {
            path_ = setup.options.path("path");
        }
        if (has("takes_placeholder") && setup.options.text("path").empty()) std::abort();
        if (has("ignores_kinds")) (void)setup.options.value("path");
        if (has("opens_in_factory")) keep_descriptor();
        if (has("starts_in_factory")) start_thread();
    }

    ~Guest() override {
        if (has("keeps_thread") && called_) start_thread();
    }

    void announce(const Peer& self, std::stop_token) override {
        if (self.id.value.find(' ') != std::string::npos) throw Error("no id");
        called_ = true;
        const std::lock_guard lock(world().mutex);
        self_ = self.id.value;
        auto stored = self;
        if (has("loses_addresses")) stored.addresses.resize(1);
        world().nodes[cluster_][self_] = stored;
    }

    std::vector<Peer> poll(std::stop_token stop) override {
        misbehave(stop);
        const std::lock_guard lock(world().mutex);
        std::vector<Peer> peers;
        for (const auto& [id, peer] : world().nodes[cluster_]) peers.push_back(peer);
        if (has("gives_many")) {
            const std::vector<Endpoint> many(kSnapshotAddressesMax + 1, {"127.0.0.1", 4001});
            peers.push_back({.id = NodeId("many"), .uuid = {}, .addresses = many, .api = {}});
        }
        if (has("shuffles") && ++calls_ % 3 == 0) std::ranges::reverse(peers);
        return peers;
    }

    void withdraw(std::stop_token) noexcept override {
        if (has("throws_from_withdraw")) fail();
        const std::lock_guard lock(world().mutex);
        if (has("withdraws_all")) world().nodes.clear();
        world().nodes[cluster_].erase(self_);
    }

    std::vector<Finding> check(const Peer&, std::stop_token) const override {
        if (has("writes_in_check")) std::fclose(std::fopen(path_.c_str(), "w"));
        return {};
    }

    Arbiter* arbiter() noexcept override { return this; }

    Claim claim(const std::string& cluster, const Claim& mine, std::stop_token) override {
        if (has("claims_for_itself")) return mine;
        const std::lock_guard lock(world().mutex);
        return world().claims.emplace(cluster, mine).first->second;
    }

    void replace_claim(const std::string& cluster, const Claim& mine, std::stop_token) override {
        if (has("replaces_no_claim")) return;
        const std::lock_guard lock(world().mutex);
        world().claims[cluster] = mine;
    }

  private:
    static void keep_descriptor() { (void)::open("/dev/null", O_RDONLY | O_CLOEXEC); }

    void misbehave(const std::stop_token& stop) {
        ++polls_;
        if (has("aborts")) std::abort();
        if (has("blocks_at_thousandth") && polls_ == 1000) hang();
        if (has("crashes")) crash();
        if (has("exits")) ::exit(0);
        if (has("fills_memory")) fill_memory();
        if (has("forks") && ::fork() == 0) hang();
        if (has("forks_and_goes_on")) (void)!::fork();
        if (has("leaves_daemon")) leave_daemon();
        if (has("hangs")) hang();
        if (has("ignores_stop") && stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::seconds(4));
        }
        if (has("keeps_descriptors")) keep_descriptor();
        if (has("keeps_memory")) memory_.emplace_back(64 * 1024, 'x');
        if (has("keeps_threads")) start_thread();
        if (has("prints")) std::puts("polled");
        if (has("sets_signal")) std::signal(SIGTERM, SIG_IGN);
        if (has("resets_sigpipe")) std::signal(SIGPIPE, SIG_DFL);
        if (has("throws")) throw std::runtime_error("a foreign fault");
        if (has("throws_number")) throw 7;
    }

    // Of which the process of the case can end no more: it has ended itself.
    [[noreturn]] static void leave_daemon() {
        const pid_t between = ::fork();
        if (between == 0) {
            ::setsid();
            const pid_t daemon = ::fork();
            if (daemon == 0) hang();
            std::ofstream(std::getenv("GUEST_PID_FILE")) << daemon;
            ::_exit(0);
        }
        ::waitpid(between, nullptr, 0);
        ::_exit(3);
    }

    void fill_memory() {
        for (;;) memory_.emplace_back(1024 * 1024, 'x');
    }

    const std::string cluster_;
    std::filesystem::path path_;
    std::string self_;
    std::vector<std::string> memory_;
    bool called_ = false;
    int calls_ = 0, polls_ = 0;
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN("discovery_guest", "1.0", Guest);
