// A discovery within one process that keeps every rule, but for the one defect that the build
// names.
#include <electiond/plugin.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

namespace {

using namespace electiond;

enum class Defect {
    none,
    aborts,
    blocks_at_thousandth,
    claims_for_itself,
    crashes,
    exits,
    fills_memory,
    forks,
    forks_and_goes_on,
    hangs,
    ignores_kinds,
    ignores_stop,
    keeps_descriptors,
    keeps_memory,
    keeps_thread,
    keeps_threads,
    loses_addresses,
    mixes_clusters,
    opens_in_factory,
    prints,
    replaces_no_claim,
    sets_signal,
    shuffles,
    starts_in_factory,
    takes_placeholder,
    throws,
    throws_from_withdraw,
    throws_number,
    withdraws_all,
    writes_in_check,
};
constexpr Defect kDefect = Defect::GUEST_DEFECT;

constexpr bool has(Defect defect) { return kDefect == defect; }

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

void start_thread() { std::thread(hang).detach(); }

[[maybe_unused]] void crash() {
    volatile int* nowhere = nullptr;
    *nowhere = 1;
}

class Guest : public Discovery, public Arbiter {
  public:
    explicit Guest(const PluginSetup& setup)
        : cluster_(has(Defect::mixes_clusters) ? "one" : setup.cluster) {
        path_ = "/nowhere";
        if (!has(Defect::ignores_kinds) && setup.options.has("path")) {
            path_ = setup.options.path("path");
        }
        if (has(Defect::takes_placeholder) && setup.options.text("path").empty()) std::abort();
        if (has(Defect::ignores_kinds)) (void)setup.options.value("path");
        if (has(Defect::opens_in_factory)) keep_descriptor();
        if (has(Defect::starts_in_factory)) start_thread();
    }

    ~Guest() override {
        if (has(Defect::keeps_thread) && called_) start_thread();
    }

    void announce(const Peer& self, std::stop_token) override {
        if (self.id.value.find(' ') != std::string::npos) throw Error("no id");
        called_ = true;
        const std::lock_guard lock(world().mutex);
        self_ = self.id.value;
        auto stored = self;
        if (has(Defect::loses_addresses)) stored.addresses.resize(1);
        world().nodes[cluster_][self_] = stored;
    }

    std::vector<Peer> poll(std::stop_token stop) override {
        misbehave(stop);
        const std::lock_guard lock(world().mutex);
        std::vector<Peer> peers;
        for (const auto& [id, peer] : world().nodes[cluster_]) peers.push_back(peer);
        if (has(Defect::shuffles) && ++calls_ % 3 == 0) std::ranges::reverse(peers);
        return peers;
    }

    void withdraw(std::stop_token) noexcept override {
        if (has(Defect::throws_from_withdraw)) throw Error("cannot withdraw");
        const std::lock_guard lock(world().mutex);
        if (has(Defect::withdraws_all)) world().nodes.clear();
        world().nodes[cluster_].erase(self_);
    }

    std::vector<Finding> check(const Peer&, std::stop_token) const override {
        if (has(Defect::writes_in_check)) std::fclose(std::fopen(path_.c_str(), "w"));
        return {};
    }

    Arbiter* arbiter() noexcept override { return this; }

    Claim claim(const std::string& cluster, const Claim& mine, std::stop_token) override {
        if (has(Defect::claims_for_itself)) return mine;
        const std::lock_guard lock(world().mutex);
        return world().claims.emplace(cluster, mine).first->second;
    }

    void replace_claim(const std::string& cluster, const Claim& mine, std::stop_token) override {
        if (has(Defect::replaces_no_claim)) return;
        const std::lock_guard lock(world().mutex);
        world().claims[cluster] = mine;
    }

  private:
    static void keep_descriptor() { (void)::open("/dev/null", O_RDONLY | O_CLOEXEC); }

    void misbehave(const std::stop_token& stop) {
        ++polls_;
        if (has(Defect::aborts)) std::abort();
        if (has(Defect::blocks_at_thousandth) && polls_ == 1000) hang();
        if (has(Defect::crashes)) crash();
        if (has(Defect::exits)) ::exit(0);
        if (has(Defect::fills_memory)) fill_memory();
        if (has(Defect::forks) && ::fork() == 0) hang();
        if (has(Defect::forks_and_goes_on)) (void)!::fork();
        if (has(Defect::hangs)) hang();
        if (has(Defect::ignores_stop) && stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::seconds(4));
        }
        if (has(Defect::keeps_descriptors)) keep_descriptor();
        if (has(Defect::keeps_memory)) memory_.emplace_back(64 * 1024, 'x');
        if (has(Defect::keeps_threads)) start_thread();
        if (has(Defect::prints)) std::puts("polled");
        if (has(Defect::sets_signal)) std::signal(SIGTERM, SIG_IGN);
        if (has(Defect::throws)) throw std::runtime_error("a foreign fault");
        if (has(Defect::throws_number)) throw 7;
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

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", Guest);
