// A guest whose descriptor is right but for the one field that the build overrides.
#include <electiond/plugin.h>

#ifndef GUEST_MAGIC
#define GUEST_MAGIC kPluginMagic
#endif
#ifdef GUEST_LONGER
#define GUEST_SIZE sizeof(PluginDescriptor) + 8
#endif
#ifndef GUEST_SIZE
#define GUEST_SIZE sizeof(PluginDescriptor)
#endif
#ifndef GUEST_ABI
#define GUEST_ABI kPluginAbi
#endif
#ifndef GUEST_REVISION
#define GUEST_REVISION kPluginAbiRevision
#endif
#ifndef GUEST_KIND
#define GUEST_KIND static_cast<std::uint32_t>(PluginKind::discovery)
#endif
#ifndef GUEST_TOOLCHAIN
#define GUEST_TOOLCHAIN kToolchain
#endif
#ifndef GUEST_NAME_TOLD
#define GUEST_NAME_TOLD GUEST_NAME
#endif
#ifndef GUEST_FACTORY
#define GUEST_FACTORY make
#endif

namespace electiond {
namespace {

// A host that calls it has trusted too early.
[[maybe_unused]] Discovery* make(const PluginSetup&) { std::abort(); }

}  // namespace

extern "C" ELECTIOND_EXPORT const PluginDescriptor electiond_plugin = {
    GUEST_MAGIC,     GUEST_SIZE,      GUEST_ABI, GUEST_REVISION, GUEST_KIND,
    GUEST_TOOLCHAIN, GUEST_NAME_TOLD, "1.0",     GUEST_FACTORY,  nullptr};

}  // namespace electiond
