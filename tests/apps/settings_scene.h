// A temporary folder with a configuration, the result of loading it, and what its plugins read.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <electiond/options.h>

#include "settings/settings.h"

namespace electiond {

class Scene {
  public:
    Scene() {
        std::string name = (std::filesystem::temp_directory_path() / "settings-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~Scene() { std::filesystem::remove_all(folder_); }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] std::filesystem::path file() const { return folder_ / "node.yaml"; }

    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return folder_ / name;
    }

    [[nodiscard]] Settings load(const std::string& text, const Environment& env = {}) const {
        return load_settings(ConfigSource::of_file(write("node.yaml", text)), env);
    }

    // The line of each fault, with the bare name of the file. Empty if it loads.
    [[nodiscard]] std::vector<std::string> faults(const std::string& text,
                                                  const Environment& env = {}) const {
        try {
            (void)load(text, env);
            return {};
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            return lines_of(error.what());
        }
    }

  private:
    [[nodiscard]] std::vector<std::string> lines_of(std::string text) const {
        const std::string prefix = folder_.string() + "/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.erase(at, prefix.size());
        }
        std::vector<std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) lines.push_back(line);
        return lines;
    }

    std::filesystem::path folder_;
};

// The smallest valid configuration, one section per line: node 1, cluster 2, discovery 3. Other
// sections follow in alphabetical order from line 4; a section given here replaces the default one.
inline std::string with(const std::map<std::string, std::string>& sections) {
    std::map<std::string, std::string> rest = sections;
    const auto take = [&](const std::string& name, const std::string& otherwise) {
        const auto given = rest.find(name);
        const std::string body = given == rest.end() ? otherwise : given->second;
        rest.erase(name);
        return name + ": " + body + "\n";
    };
    std::string text = take("node", "{id: a, data_dir: data}");
    text += take("cluster", "{name: demo}");
    text += take("discovery", "[{plugin: file_registry, path: cluster.json}]");
    for (const auto& [name, body] : rest) text += name + ": " + body + "\n";
    return text;
}

inline ListenAddress tcp(const std::string& host, std::uint16_t port) {
    return Endpoint{host, port};
}

// The setup from which the first discovery, and the transport, read their options.
inline Options own(const Settings& settings) {
    return Options(PluginKind::discovery, settings.discovery.at(0).options);
}
inline Options transport_options(const Settings& settings) {
    return Options(PluginKind::transport, settings.transport.options);
}

// What the host throws once the factory has returned; empty if nothing.
inline std::string faults(Options& options) {
    options.refuse_unread();
    try {
        options.throw_faults();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace electiond
