// Reads the manifests of config/kubernetes/.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <vector>

namespace electiond::cluster {

// All documents of a file.
inline std::vector<YAML::Node> documents(const std::string& file) {
    return YAML::LoadAllFromFile(ELECTIOND_MANIFESTS "/" + file);
}

inline std::string name_of(const YAML::Node& document) {
    return document["metadata"]["name"].as<std::string>();
}

inline std::map<std::string, std::string> texts(const YAML::Node& map) {
    return map ? map.as<std::map<std::string, std::string>>()
               : std::map<std::string, std::string>{};
}

// The containers of a pod, sidecars included.
inline std::vector<YAML::Node> containers(const YAML::Node& pod) {
    std::vector<YAML::Node> all;
    for (const auto* kind : {"initContainers", "containers"}) {
        for (const auto& container : pod[kind]) all.push_back(container);
    }
    return all;
}

// The StatefulSet of a file, and its containers by name.
struct Workload {
    std::string file;
    YAML::Node set;
    YAML::Node pod;  // its spec

    explicit Workload(const std::string& from) : file(from) {
        for (const auto& document : documents(file)) {
            if (document["kind"].as<std::string>() == "StatefulSet") set = document;
        }
        pod = set["spec"]["template"]["spec"];
    }
    [[nodiscard]] std::string name() const { return cluster::name_of(set); }
    [[nodiscard]] int replicas() const { return set["spec"]["replicas"].as<int>(); }
    [[nodiscard]] std::string pod_name(int ordinal) const {
        return name() + "-" + std::to_string(ordinal);
    }
    [[nodiscard]] std::map<std::string, std::string> labels() const {
        return texts(set["spec"]["template"]["metadata"]["labels"]);
    }
    [[nodiscard]] YAML::Node container(const std::string& wanted) const {
        for (const auto& each : containers(pod)) {
            if (each["name"].as<std::string>() == wanted) return each;
        }
        return {};
    }
};

}  // namespace electiond::cluster
