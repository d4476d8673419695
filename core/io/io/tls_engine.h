// Where TLS comes from: our code around OpenSSL, linked into a program, or loaded when it is
// needed.
#pragma once

#include <io/tls.h>

#include <filesystem>
#include <memory>
#include <vector>

namespace electiond::io {

struct TlsEngine {
    std::shared_ptr<const TlsContext> (*load)(const TlsSetup& setup);
    std::vector<Certificate> (*read_certificates)(const std::filesystem::path& file);
};

// The engine of this process: the one that is linked (the target electiond_tls); else the library
// electiond-tls.so is loaded, and stays. Any thread. Throws Error (os) if it cannot be loaded.
[[nodiscard]] const TlsEngine& tls_engine();

// The library, and its only function, a TlsEngineFunction. Raise the number in the name with each
// change of tls.h or of this file: a process that was started before an update must not use a
// library whose classes are laid out differently.
inline constexpr char kTlsLibrary[] = "electiond-tls.so";
#define ELECTIOND_TLS_ENGINE "electiond_tls_engine_1"  // a macro: the symbol of a function
using TlsEngineFunction = const TlsEngine* (*)();

}  // namespace electiond::io
