// The claim file next to the registry: decides once, permanently, which node may found a cluster.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <electiond/peer.h>

namespace electiond::discovery {

// "cluster.json.demo.claim" for the cluster demo. Different names never share a file: characters
// other than letters, digits, _ and - are written as %XX.
[[nodiscard]] std::filesystem::path claim_path(const std::filesystem::path& registry,
                                               const std::string& cluster);

// The stored claim; nullopt if there is none. Throws Error if the file exists but cannot be read:
// treating that as "no claim" could found a second cluster.
[[nodiscard]] std::optional<Claim> read_claim(const std::filesystem::path& file,
                                              const std::string& cluster);

// Throws Error if read_claim could not read it back.
[[nodiscard]] std::string claim_text(const std::string& cluster, const Claim& claim,
                                     const std::string& time);

}  // namespace electiond::discovery
