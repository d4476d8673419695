// Finds the engine of TLS, and calls it.
#include <dlfcn.h>
#include <io/tls_engine.h>

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <utility>

#include <electiond/error.h>

// Null unless the program links electiond_tls.
extern "C"
    [[gnu::weak]] [[gnu::visibility("hidden")]] const electiond::io::TlsEngine electiond_linked_tls;

namespace electiond::io {
namespace {

namespace fs = std::filesystem;

constexpr std::array kNames = {std::pair(TlsFault::expired, "expired"),
                               std::pair(TlsFault::not_yet_valid, "not_yet_valid"),
                               std::pair(TlsFault::revoked, "revoked"),
                               std::pair(TlsFault::foreign_ca, "foreign_ca"),
                               std::pair(TlsFault::wrong_name, "wrong_name"),
                               std::pair(TlsFault::wrong_purpose, "wrong_purpose"),
                               std::pair(TlsFault::no_certificate, "no_certificate"),
                               std::pair(TlsFault::plain_text, "plain_text"),
                               std::pair(TlsFault::timed_out, "timed_out"),
                               std::pair(TlsFault::closed, "closed"),
                               std::pair(TlsFault::other, "other")};

// The folder of the program or plugin that contains this code.
fs::path own_folder() {
    Dl_info info{};
    std::error_code unknown;
    if (::dladdr(&kNames, &info) != 0 && info.dli_fname != nullptr) {
        const auto file = fs::canonical(info.dli_fname, unknown);
        if (!unknown) return file.parent_path();
    }
    return fs::read_symlink("/proc/self/exe", unknown).parent_path();
}

// The library lies beside the program (a build tree), in the folder above the plugins, or where an
// installation has it, as seen from the program; the last is the place of a package.
fs::path file_of_library() {
    const auto own = own_folder();
    for (const auto& folder : {own, own.parent_path(), own / ELECTIOND_TLS_FROM_PROGRAM}) {
        std::error_code unknown;
        const auto file = (folder / kTlsLibrary).lexically_normal();
        if (fs::is_regular_file(file, unknown)) return file;
    }
    return fs::path(ELECTIOND_TLS_DIR) / kTlsLibrary;
}

const TlsEngine& loaded_engine() {
    const auto file = file_of_library();
    auto* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    auto* const function = library == nullptr ? nullptr : ::dlsym(library, ELECTIOND_TLS_ENGINE);
    if (function == nullptr) {
        const char* const why = ::dlerror();
        throw Error("TLS cannot be used: " +
                        std::string(why != nullptr ? why : file.string() + " cannot be loaded") +
                        "; install electiond again, with the libraries that it needs, and restart "
                        "it if it was updated",
                    Error::os);
    }
    return *reinterpret_cast<TlsEngineFunction>(function)();
}

}  // namespace

const TlsEngine& tls_engine() {
    if (&electiond_linked_tls != nullptr) return electiond_linked_tls;
    static const TlsEngine& engine = loaded_engine();  // tried again if it throws
    return engine;
}

std::shared_ptr<const TlsContext> TlsContext::load(const TlsSetup& setup) {
    return tls_engine().load(setup);
}

std::vector<Certificate> read_certificates(const fs::path& file) {
    return tls_engine().read_certificates(file);
}

std::string_view to_string(TlsFault fault) {
    const auto* found =
        std::ranges::find(kNames, fault, [](const auto& pair) { return pair.first; });
    return found == kNames.end() ? "other" : found->second;
}

}  // namespace electiond::io
