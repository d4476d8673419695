// Finds the reason why a file cannot be executed, because errno alone does not distinguish them.
#include "exec/program_file.h"

#include <fcntl.h>
#include <io/descriptor.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include <electiond/wording.h>

namespace electiond::discovery {
namespace {

std::string in_words(int error) { return std::generic_category().message(error); }

bool may_run(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

// The first bytes, in which the kernel looks for an interpreter. Returns nullopt if they cannot be
// read: a binary can be executed without the right to read it.
std::optional<std::string> beginning_of(const std::string& path) {
    const io::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open()) return std::nullopt;
    std::array<char, 256> bytes;
    const auto count = ::read(file.get(), bytes.data(), bytes.size());
    if (count < 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(count));
}

ProgramFault fault_of_script(const std::string& first_line) {
    constexpr std::string_view kBlanks = " \t";
    const auto begin = first_line.find_first_not_of(kBlanks, 2);
    if (begin == std::string::npos) {
        return {"names no interpreter after #! in its first line; write #!/bin/sh, for example"};
    }
    const auto interpreter =
        first_line.substr(begin, first_line.find_first_of(kBlanks, begin) - begin);
    if (first_line.back() == '\r') {
        return {
            "has lines that end with a carriage return, so its interpreter is not found; convert "
            "it (sed -i 's/\\r$//')"};
    }
    if (may_run(interpreter)) return {};
    return {"cannot be run: its interpreter " + in_quotes(interpreter) +
            " (in its first line): " + in_words(errno) + "; install it, or correct the line"};
}

}  // namespace

ProgramFault fault_of_program(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {"does not exist; install it, or correct the path"};
        return {"cannot be reached: " + in_words(errno) +
                "; let the daemon's user enter its directories, or correct the path"};
    }
    if (!S_ISREG(found.st_mode)) {
        const auto* kind = S_ISDIR(found.st_mode) ? "a directory" : "not a regular file";
        return {std::string("is ") + kind + "; name a program"};
    }
    if (!may_run(path)) {
        return {"cannot be run: " + in_words(errno) +
                "; let the daemon's user execute it (chmod +x), on a file system that is not "
                "mounted with noexec"};
    }
    const auto beginning = beginning_of(path);
    if (!beginning || beginning->starts_with("\x7f"
                                             "ELF"))
        return {};
    if (beginning->starts_with("#!")) {
        return fault_of_script(beginning->substr(0, beginning->find('\n')));
    }
    return {
        "is neither a binary nor a script that names its interpreter; begin its first line with "
        "#!/bin/sh, for example",
        false};
}

}  // namespace electiond::discovery
