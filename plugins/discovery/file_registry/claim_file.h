// The claim beside the registry: who may found the cluster of a name, told once and for good.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <electiond/peer.h>

namespace electiond::discovery {

// "cluster.json.demo.claim" for the cluster demo. Different names never share a file: whatever is
// not a letter, a digit, _ or - stands as %XX.
[[nodiscard]] std::filesystem::path claim_path(const std::filesystem::path& registry,
                                               const std::string& cluster);

// What is stored; nothing where nothing is. Throws Error where the file is there but cannot be
// read: to take that for "nothing" could found a second cluster.
[[nodiscard]] std::optional<Claim> read_claim(const std::filesystem::path& file,
                                              const std::string& cluster);

// Throws Error where read_claim could not read it back.
[[nodiscard]] std::string claim_text(const std::string& cluster, const Claim& claim,
                                     const std::string& time);

}  // namespace electiond::discovery
