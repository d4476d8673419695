// electionctl plugin new: writes a project for a new plugin that builds and passes the kit.
#include "electionctl/plugin_new.h"

#include <electiond/error.h>
#include <fcntl.h>
#include <io/descriptor.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <map>
#include <ostream>

#include "electionctl/exit_code.h"
#include "electionctl/plugin_templates.h"

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;

// "hosts_file" becomes "HostsFile". "Plugin" is appended, since a type of the SDK or of the
// template may have the name, as Discovery does.
std::string type_of(const std::string& name) {
    std::string type;
    bool upper = true;
    for (const char c : name) {
        if (c == '_') {
            upper = true;
        } else {
            type += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
            upper = false;
        }
    }
    return type + "Plugin";
}

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
        const auto mark = "@" + name + "@";
        for (auto at = text.find(mark); at != std::string::npos;
             at = text.find(mark, at + value.size())) {
            text.replace(at, mark.size(), value);
        }
    }
    return text;
}

[[noreturn]] void fail(const fs::path& file, int error) {
    throw Error("cannot write " + file.string() + ": " + std::strerror(error) +
                    "; choose another directory with --directory DIR",
                Error::disk);
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder, error)) {
        if (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error) {
            throw Error(folder.string() +
                            " already exists, and is not an empty directory; remove it, or choose "
                            "another one with --directory DIR",
                        Error::refused);
        }
        return;
    }
    fs::create_directories(folder, error);
    if (error) fail(folder, error.value());
}

void write_file(const fs::path& file, const std::string& text) {
    const io::Descriptor to(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!to.open()) fail(file, errno);
    for (std::size_t done = 0; done < text.size();) {
        const auto count = ::write(to.get(), text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(file, errno);
        done += static_cast<std::size_t>(count);
    }
}

}  // namespace

int new_plugin(const PluginArguments& arguments, std::ostream& out) {
    const auto folder =
        arguments.directory.empty() ? fs::path(arguments.name) : arguments.directory;
    const std::map<std::string, std::string> values{{"NAME", arguments.name},
                                                    {"TYPE", type_of(arguments.name)},
                                                    {"VERSION", ELECTIOND_VERSION}};
    const bool discovery = arguments.kind == "discovery";
    make_folder(folder);
    write_file(folder / (arguments.name + ".cpp"),
               filled(discovery ? kDiscoveryTemplate : kTransportTemplate, values));
    write_file(folder / "CMakeLists.txt", filled(kProjectTemplate, values));
    write_file(folder / "README.md",
               filled(discovery ? kDiscoveryReadme : kTransportReadme, values));
    out << folder.string() << ": the " << arguments.kind << " plugin " << arguments.name
        << "; README.md says how to build, check and use it\n";
    if (!out.flush()) return Error::disk;
    return kDone;
}

}  // namespace electiond::ctl
