// The handshake: the one symbol a plugin exports, and the macros that make it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <electiond/discovery.h>
#include <electiond/log.h>
#include <electiond/options.h>
#include <electiond/transport.h>

namespace electiond {

// Raised whenever anything in this folder changes its layout or its meaning.
inline constexpr std::uint32_t kPluginAbi = 1;
inline constexpr std::uint32_t kPluginMagic = 0x454c4354;  // "ELCT"
inline constexpr char kPluginSymbol[] = "electiond_plugin";

#define ELECTIOND_TEXT_(x) #x
#define ELECTIOND_TEXT(x) ELECTIOND_TEXT_(x)

// Two builds whose marks differ must not exchange C++ objects: compiler and its major version, C++
// ABI of the standard library, language level.
#if defined(__clang__)
#define ELECTIOND_COMPILER "clang" ELECTIOND_TEXT(__clang_major__)
#else
#define ELECTIOND_COMPILER "gcc" ELECTIOND_TEXT(__GNUC__)
#endif
inline constexpr char kToolchain[] = ELECTIOND_COMPILER
    "-cxx11abi" ELECTIOND_TEXT(_GLIBCXX_USE_CXX11_ABI) "-cpp" ELECTIOND_TEXT(__cplusplus);

enum class PluginKind : std::uint32_t { discovery = 1, transport = 2 };

// What a factory is given. Borrowed for the length of the call; Options and Log may be copied.
struct PluginSetup {
    const Options& options;  // the plugin's own section of the configuration
    std::string cluster;     // name of the cluster
    std::string node_id;     // our own id
    Log log;
};

// Plain C data: read and compared before the first C++ call is made into the library.
// Exactly one of the two factories is set. A factory returns an object that the host deletes, or
// throws; the library stays loaded until the process ends.
struct PluginDescriptor {
    std::uint32_t magic;
    std::uint32_t size;  // of this struct
    std::uint32_t abi;
    std::uint32_t kind;
    const char* toolchain;
    const char* name;
    const char* version;
    Discovery* (*make_discovery)(const PluginSetup&);
    Transport* (*make_transport)(const PluginSetup&);
};

}  // namespace electiond

// ELECTIOND_DISCOVERY_PLUGIN("static_list", "1.0", StaticList): StaticList(const PluginSetup&).
#define ELECTIOND_DISCOVERY_PLUGIN(NAME, VERSION, TYPE)                                           \
    extern "C" ELECTIOND_EXPORT const ::electiond::PluginDescriptor electiond_plugin = {          \
        ::electiond::kPluginMagic,                                                                \
        sizeof(::electiond::PluginDescriptor),                                                    \
        ::electiond::kPluginAbi,                                                                  \
        static_cast<std::uint32_t>(::electiond::PluginKind::discovery),                           \
        ::electiond::kToolchain,                                                                  \
        NAME,                                                                                     \
        VERSION,                                                                                  \
        [](const ::electiond::PluginSetup& s) -> ::electiond::Discovery* { return new TYPE(s); }, \
        nullptr}

// ELECTIOND_TRANSPORT_PLUGIN("tcp", "1.0", Tcp): Tcp(const PluginSetup&).
#define ELECTIOND_TRANSPORT_PLUGIN(NAME, VERSION, TYPE)                                  \
    extern "C" ELECTIOND_EXPORT const ::electiond::PluginDescriptor electiond_plugin = { \
        ::electiond::kPluginMagic,                                                       \
        sizeof(::electiond::PluginDescriptor),                                           \
        ::electiond::kPluginAbi,                                                         \
        static_cast<std::uint32_t>(::electiond::PluginKind::transport),                  \
        ::electiond::kToolchain,                                                         \
        NAME,                                                                            \
        VERSION,                                                                         \
        nullptr,                                                                         \
        [](const ::electiond::PluginSetup& s) -> ::electiond::Transport* { return new TYPE(s); }}
