// One shared library, opened and checked before it is used.
#include "host/library.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <exception>
#include <string_view>

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRebuild =
    "; rebuild it against the SDK of this electiond and with its compiler";

[[noreturn]] void refuse(const fs::path& file, const std::string& fault, std::string_view remedy) {
    throw Error(file.string() + ": " + fault + std::string(remedy));
}

// Boost adds its own text and a misleading errno to the message of the dynamic linker, which often
// begins with the name of the file; our message names it already.
std::string linker_words(std::string_view all, const std::string& file) {
    constexpr std::string_view kMark = "(dlerror system message: ";
    if (const auto begin = all.find(kMark); begin != std::string_view::npos) {
        all.remove_prefix(begin + kMark.size());
        all = all.substr(0, all.rfind(')'));
    }
    if (all.starts_with(file + ": ")) all.remove_prefix(file.size() + 2);
    return std::string(all);
}

const PluginDescriptor* open(const fs::path& file) {
    std::error_code unknown;
    if (!fs::exists(file, unknown)) {
        refuse(file, "there is no such file", "; install the plugin or correct its name");
    }
    if (!fs::is_regular_file(file, unknown)) {  // a pipe would block, a folder confuse
        refuse(file, "is not a regular file", "; put the plugin's shared library there");
    }
    try {
        namespace dll = boost::dll;
        const dll::shared_library library(
            fs::absolute(file),
            static_cast<dll::load_mode::type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE));
        if (!library.has(kPluginSymbol)) {
            refuse(file,
                   std::string("does not export the symbol ") + kPluginSymbol +
                       ", so it is not a plugin",
                   "; export one with ELECTIOND_DISCOVERY_PLUGIN or ELECTIOND_TRANSPORT_PLUGIN");
        }
        return &library.get<const PluginDescriptor>(kPluginSymbol);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        refuse(file, "cannot be loaded: " + linker_words(error.what(), fs::absolute(file).string()),
               "; install it again, with the libraries that it needs");
    }
}

std::string hex(std::uint32_t number) {
    char text[11];
    std::snprintf(text, sizeof text, "0x%08x", number);
    return text;
}

std::string version(std::uint32_t abi, std::uint32_t revision) {
    return std::to_string(abi) + "." + std::to_string(revision);
}

// Reads field after field, each only if the fields before it allow that.
void check(const fs::path& file, const PluginDescriptor& found) {
    if (found.magic != kPluginMagic) {
        refuse(file,
               "its descriptor begins with " + hex(found.magic) + ", not " + hex(kPluginMagic) +
                   ", so it is not an electiond plugin",
               "; export one with ELECTIOND_DISCOVERY_PLUGIN or ELECTIOND_TRANSPORT_PLUGIN");
    }
    if (found.abi != kPluginAbi) {
        refuse(file,
               "is built for plugin ABI " + std::to_string(found.abi) +
                   ", this electiond has ABI " + version(kPluginAbi, kPluginAbiRevision),
               kRebuild);
    }
    // A shorter one ends before the fields that are read here: every plugin of this ABI has those.
    if (found.size < sizeof(PluginDescriptor)) {
        refuse(file,
               "its descriptor has " + std::to_string(found.size) +
                   " bytes, this electiond's has " + std::to_string(sizeof(PluginDescriptor)),
               kRebuild);
    }
    if (found.revision > kPluginAbiRevision) {
        refuse(file,
               "is built for plugin ABI " + version(found.abi, found.revision) +
                   ", this electiond has ABI " + version(kPluginAbi, kPluginAbiRevision),
               "; update electiond, or rebuild the plugin against the SDK of this one");
    }
    if (found.toolchain == nullptr || std::strcmp(found.toolchain, kToolchain) != 0) {
        refuse(file,
               "is built by toolchain " + std::string(found.toolchain ? found.toolchain : "?") +
                   ", this electiond by " + kToolchain,
               kRebuild);
    }
    const auto kind = PluginKind{found.kind};
    if (kind != PluginKind::discovery && kind != PluginKind::transport) {
        refuse(file, "is of " + to_string(kind) + ", which is neither discovery nor transport",
               kRebuild);
    }
    if (found.name == nullptr || file.stem() != found.name) {
        const std::string name = found.name ? found.name : "?";
        refuse(file, "holds the plugin " + name + ", not " + file.stem().string(),
               "; a plugin's file is named after it: rename the file to " + name + ".so");
    }
    if (found.version == nullptr ||
        (found.make_discovery != nullptr) != (kind == PluginKind::discovery) ||
        (found.make_transport != nullptr) != (kind == PluginKind::transport)) {
        refuse(file,
               "its descriptor lacks a version or does not have exactly the one factory of a " +
                   to_string(kind),
               "; export it with ELECTIOND_DISCOVERY_PLUGIN or ELECTIOND_TRANSPORT_PLUGIN");
    }
}

// With the place of the section in front, unless the plugin has written a place itself.
std::string with_place(const Options& options, const std::string& sentence) {
    const auto& where = options.where();
    const auto name = where.substr(0, where.find(':'));
    if (where.empty() || sentence.starts_with(name + ":")) return sentence;
    return where + ": " + options.section() + ": " + sentence;
}

// The plugin's exception ends here, while its library is surely loaded. Faults of the options come
// first: any other exception of the factory may be a consequence of them.
template <class Made>
std::unique_ptr<Made> make(const fs::path& file, Made* (*factory)(const PluginSetup&),
                           const PluginSetup& setup) {
    auto& options = setup.options;
    std::string fault;
    try {
        if (std::unique_ptr<Made> made(factory(setup)); made) {
            options.refuse_unread();
            options.throw_faults();
            return made;
        }
        fault = "its factory returned nothing";
    } catch (const Error& error) {
        options.throw_faults();
        throw Error(with_place(options, error.what()), error.code());
    } catch (const std::exception& error) {
        fault = std::string("cannot be created: ") + error.what();
    } catch (...) {
        fault = "cannot be created: it threw something that is not an exception";
    }
    options.throw_faults();
    throw Error(with_place(
        options, file.string() + ": " + fault + "; check its options, or ask its author"));
}

}  // namespace

std::string to_string(PluginKind kind) {
    if (kind == PluginKind::discovery) return "discovery";
    if (kind == PluginKind::transport) return "transport";
    return "kind " + std::to_string(static_cast<std::uint32_t>(kind));
}

Library::Library(const fs::path& file) : file_(file), descriptor_(open(file)) {
    check(file_, *descriptor_);
}

void Library::require(PluginKind wanted) const {
    if (kind() == wanted) return;
    refuse(file_,
           "is a " + to_string(kind()) + " plugin, but a " + to_string(wanted) + " is expected",
           "; name a " + to_string(wanted) + " plugin there");
}

std::unique_ptr<Discovery> Library::make_discovery(const PluginSetup& setup) const {
    require(PluginKind::discovery);
    return make(file_, descriptor_->make_discovery, setup);
}

std::unique_ptr<Transport> Library::make_transport(const PluginSetup& setup) const {
    require(PluginKind::transport);
    return make(file_, descriptor_->make_transport, setup);
}

}  // namespace electiond
