// Shared by all tests of discovery plugins: the plugin, options, a folder, a node, and waiting.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <electiond/plugin.h>

namespace electiond::bench {

// An option's value as in the configuration: a text, a list or a map.
[[nodiscard]] OptionValue text(std::string value);
[[nodiscard]] OptionValue list(std::vector<std::string> values);
[[nodiscard]] OptionValue map(std::vector<std::pair<std::string, std::string>> values);

using OptionMap = std::vector<OptionEntry>;

// The built plugin, loaded as the daemon does it. Relative paths count from `folder`.
[[nodiscard]] std::unique_ptr<Discovery> make(const std::string& plugin, OptionMap options,
                                              const std::string& cluster = "demo",
                                              const std::filesystem::path& folder = "/",
                                              Log log = {});

// A temporary folder; the destructor removes it.
class Folder {
  public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return path_ / name;
    }
    [[nodiscard]] std::vector<std::string> names() const;  // of its files, sorted

  private:
    std::filesystem::path path_;
};

// How often each file of a folder was opened, by any process, as the kernel reports.
class Openings {
  public:
    explicit Openings(const std::filesystem::path& folder);
    Openings(const Openings&) = delete;
    Openings& operator=(const Openings&) = delete;
    ~Openings();

    // Since the last call, by the file's name.
    [[nodiscard]] std::map<std::string, int> take();

  private:
    int events_;
};

[[nodiscard]] std::string read(const std::filesystem::path& file);
void write(const std::filesystem::path& file, const std::string& content);

// Node `id` at 127.0.0.1:4000+number, its API at 3000+number.
[[nodiscard]] Peer node(const std::string& id, std::uint16_t number);

// A group that no other test process on this host uses.
[[nodiscard]] OptionMap own_group(const std::string& interface = "lo");

// True as soon as `condition` is; false if it does not become true within a generous time.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

// The text of the Error that `act` throws, or "" if it throws none.
[[nodiscard]] std::string fault(const std::function<void()>& act);

// Runs `act` in a child process; true if it returned true. No other thread may run at that time.
[[nodiscard]] int fork_run(const std::function<bool()>& act);  // the child's process number
[[nodiscard]] bool ended_well(int child);

}  // namespace electiond::bench
