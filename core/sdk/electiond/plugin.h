// The handshake: the one symbol that a plugin exports, and the macros that define it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <electiond/arbiter.h>
#include <electiond/discovery.h>
#include <electiond/host_keys.h>
#include <electiond/limits.h>
#include <electiond/log.h>
#include <electiond/options.h>
#include <electiond/peer.h>
#include <electiond/tls.h>
#include <electiond/transport.h>

#if !defined(__cpp_rtti) || !defined(__cpp_exceptions)
#error "a plugin of electiond needs exceptions and RTTI: remove -fno-exceptions and -fno-rtti"
#endif

namespace electiond {

// The version of this directory, which plugins and the host share: "6.0". The host loads a plugin
// if its first number equals the host's and its second is not higher than the host's.
// docs/plugin-versions.md says which change raises which number; tests/sdk/abi_test.cpp fails if a
// change raises none.
inline constexpr std::uint32_t kPluginAbi = 6;
inline constexpr std::uint32_t kPluginAbiRevision = 0;
inline constexpr std::uint32_t kPluginMagic = 0x454c4354;  // "ELCT"
inline constexpr char kPluginSymbol[] = "electiond_plugin";

#define ELECTIOND_TEXT_(x) #x
#define ELECTIOND_TEXT(x) ELECTIOND_TEXT_(x)

// The toolchain mark: compiler and its major version, C++ ABI of the standard library (its debug
// mode has larger containers), language level. Two builds with different marks must not exchange
// C++ objects.
#if defined(__clang__)
#define ELECTIOND_COMPILER "clang" ELECTIOND_TEXT(__clang_major__)
#else
#define ELECTIOND_COMPILER "gcc" ELECTIOND_TEXT(__GNUC__)
#endif
#if defined(_LIBCPP_ABI_VERSION)
#define ELECTIOND_LIBRARY "-libc++" ELECTIOND_TEXT(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_DEBUG)
#define ELECTIOND_LIBRARY "-cxx11abi" ELECTIOND_TEXT(_GLIBCXX_USE_CXX11_ABI) "debug"
#else
#define ELECTIOND_LIBRARY "-cxx11abi" ELECTIOND_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif
inline constexpr char kToolchain[] =
    ELECTIOND_COMPILER ELECTIOND_LIBRARY "-cpp" ELECTIOND_TEXT(__cplusplus);

// What a factory gets. Only the host makes it, and it is valid only during the call: copy the
// members that you need later, but not the struct, to which later revisions append. The members
// from `listen` on are for transports only.
struct PluginSetup {
    Options& options;     // the plugin's section, for the plugin's own keys
    std::string cluster;  // name of the cluster
    std::string node_id;  // id of this node
    const Log& log;
    Endpoint listen{};                      // the key transport.listen
    const Limits& limits = kDefaultLimits;  // of the listener: the key transport.limits
    const TlsFiles* tls = nullptr;          // the key transport.tls; nullptr: plain text
};

// Plain C data: the host reads and compares it before it makes the first C++ call into the library.
// Exactly one of the two factories is set. A factory returns an object that the host deletes, or
// throws. The library stays loaded until the process ends.
// The first three fields are the same in every version. All others are read only if `abi` equals
// the host's. Fields that a later revision appends are read only if `size` covers them.
struct PluginDescriptor {
    std::uint32_t magic;
    std::uint32_t size;  // of this struct
    std::uint32_t abi;
    std::uint32_t revision;
    std::uint32_t kind;
    const char* toolchain;
    const char* name;
    const char* version;
    Discovery* (*make_discovery)(const PluginSetup&);
    Transport* (*make_transport)(const PluginSetup&);
};

}  // namespace electiond

// ELECTIOND_DISCOVERY_PLUGIN("static_list", "1.0", StaticList) needs the constructor
// StaticList(const PluginSetup&).
#define ELECTIOND_DISCOVERY_PLUGIN(NAME, VERSION, TYPE)                                           \
    extern "C" ELECTIOND_EXPORT const ::electiond::PluginDescriptor electiond_plugin = {          \
        ::electiond::kPluginMagic,                                                                \
        sizeof(::electiond::PluginDescriptor),                                                    \
        ::electiond::kPluginAbi,                                                                  \
        ::electiond::kPluginAbiRevision,                                                          \
        static_cast<std::uint32_t>(::electiond::PluginKind::discovery),                           \
        ::electiond::kToolchain,                                                                  \
        NAME,                                                                                     \
        VERSION,                                                                                  \
        [](const ::electiond::PluginSetup& s) -> ::electiond::Discovery* { return new TYPE(s); }, \
        nullptr}

// ELECTIOND_TRANSPORT_PLUGIN("tcp", "1.0", Tcp) needs the constructor Tcp(const PluginSetup&).
#define ELECTIOND_TRANSPORT_PLUGIN(NAME, VERSION, TYPE)                                  \
    extern "C" ELECTIOND_EXPORT const ::electiond::PluginDescriptor electiond_plugin = { \
        ::electiond::kPluginMagic,                                                       \
        sizeof(::electiond::PluginDescriptor),                                           \
        ::electiond::kPluginAbi,                                                         \
        ::electiond::kPluginAbiRevision,                                                 \
        static_cast<std::uint32_t>(::electiond::PluginKind::transport),                  \
        ::electiond::kToolchain,                                                         \
        NAME,                                                                            \
        VERSION,                                                                         \
        nullptr,                                                                         \
        [](const ::electiond::PluginSetup& s) -> ::electiond::Transport* { return new TYPE(s); }}
