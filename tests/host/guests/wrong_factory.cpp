// A guest whose factory fails: the build says how.
#include <electiond/plugin.h>

namespace electiond {
namespace {

class Foreign : public std::exception {
    const char* what() const noexcept override { return "a foreign fault"; }
};

[[maybe_unused]] Discovery* throw_error(const PluginSetup& setup) {
    throw Error("the folder of " + setup.node_id + " is gone", Error::disk);
}
[[maybe_unused]] Discovery* throw_exception(const PluginSetup&) { throw Foreign(); }
[[maybe_unused]] Discovery* throw_int(const PluginSetup&) { throw 7; }
[[maybe_unused]] Discovery* return_null(const PluginSetup&) { return nullptr; }

}  // namespace

extern "C" ELECTIOND_EXPORT const PluginDescriptor electiond_plugin = {
    kPluginMagic,
    sizeof(PluginDescriptor),
    kPluginAbi,
    kPluginAbiRevision,
    static_cast<std::uint32_t>(PluginKind::discovery),
    kToolchain,
    GUEST_NAME,
    "1.0",
    GUEST_MAKE,
    nullptr};

}  // namespace electiond
