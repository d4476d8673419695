// The path of a Unix socket, and the mode and group that decide who may connect to it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace electiond::io {

struct UnixSocket {
    // sockaddr_un has room for 108 bytes, of which one ends the text.
    static constexpr std::size_t kPathMax = 107;

    std::filesystem::path path{};
    mode_t mode = 0660;
    std::string group{};  // empty: the group of the process

    bool operator==(const UnixSocket&) const = default;
};

}  // namespace electiond::io
