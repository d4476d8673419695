// Shared by all tests of discovery plugins.
#include "discovery/discovery_bench.h"

#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "host/plugin_host.h"

namespace electiond::bench {

namespace fs = std::filesystem;

OptionValue text(std::string value) {
    return {.kind = OptionValue::Kind::text,
            .text = std::move(value),
            .list = {},
            .map = {},
            .where = "node.yaml:3:7"};
}

OptionValue list(std::vector<std::string> values) {
    auto value = text({});
    value.kind = OptionValue::Kind::list;
    for (auto& item : values) value.list.push_back(text(std::move(item)));
    return value;
}

OptionValue map(std::vector<std::pair<std::string, std::string>> values) {
    auto value = text({});
    value.kind = OptionValue::Kind::map;
    for (auto& [key, item] : values)
        value.map.push_back({key, text(std::move(item)), "node.yaml:3:1"});
    return value;
}

std::unique_ptr<Discovery> make(const std::string& plugin, OptionMap options,
                                const std::string& cluster, const fs::path& folder, Log log) {
    OptionSection section{"discovery[0]", map({}), folder};
    section.root.where = "node.yaml:2:5";
    section.root.map = std::move(options);
    section.root.map.push_back({"plugin", text(plugin), "node.yaml:2:7"});
    Options reader(PluginKind::discovery, std::move(section));
    PluginHost host({ELECTIOND_PLUGINS}, {}, log);
    return host.make_discovery(plugin,
                               {.options = reader, .cluster = cluster, .node_id = "1", .log = log});
}

Folder::Folder() {
    auto name = (fs::temp_directory_path() / "electiond-discovery-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed: " + name);
    path_ = fs::canonical(name);
}

Folder::~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::vector<std::string> Folder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

// Watches closings, too: the kernel merges an event with an equal one right before it.
Openings::Openings(const fs::path& folder) : events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (events_ < 0 || ::inotify_add_watch(events_, folder.c_str(), IN_OPEN | IN_CLOSE) < 0) {
        throw std::runtime_error("cannot watch " + folder.string() +
                                 ": raise fs.inotify.max_user_instances");
    }
}

Openings::~Openings() { ::close(events_); }

std::map<std::string, int> Openings::take() {
    std::map<std::string, int> counts;
    alignas(inotify_event) char bytes[16384];
    for (ssize_t size = 0; (size = ::read(events_, bytes, sizeof bytes)) > 0;) {
        for (const char* at = bytes; at < bytes + size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            if ((event->mask & IN_OPEN) != 0 && event->len > 0) ++counts[event->name];
            at += sizeof(inotify_event) + event->len;
        }
    }
    return counts;
}

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void write(const fs::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
}

Peer node(const std::string& id, std::uint16_t number) {
    return {.id = NodeId(id),
            .uuid = NodeUuid("uuid-of-" + id),
            .addresses = {{"127.0.0.1", static_cast<std::uint16_t>(4000 + number)}},
            .api = "127.0.0.1:" + std::to_string(3000 + number)};
}

OptionMap own_group(const std::string& interface) {
    const auto process = static_cast<unsigned>(::getpid());
    const auto group = "239." + std::to_string(192 + (process >> 16) % 64) + "." +
                       std::to_string(process >> 8 & 255) + "." + std::to_string(process & 255);
    return {{"group", text(group)}, {"port", text("17402")}, {"interface", text(interface)}};
}

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

std::string fault(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

int fork_run(const std::function<bool()>& act) {
    const int child = ::fork();
    if (child == 0) {
        bool well = false;
        try {
            well = act();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "child: %s\n", error.what());
        }
        ::_exit(well ? 0 : 1);
    }
    return child;
}

bool ended_well(int child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace electiond::bench
