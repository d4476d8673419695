// Reads the file with the password of etcd's user.
#include "etcd/password.h"

#include <fcntl.h>
#include <io/descriptor.h>
#include <io/permission_remedy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <electiond/error.h>

namespace electiond::discovery::etcd {
namespace {

constexpr std::size_t kSizeMax = 4096;

}  // namespace

std::string read_password(const std::filesystem::path& file) {
    const auto refuse = [&](const std::string& why) {
        return Error("is \"" + file.string() + "\", " + why);
    };
    // O_NONBLOCK: a pipe in its place must not block us.
    const io::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened.open()) {
        const int error = errno;
        throw refuse(std::string("which cannot be read: ") + std::strerror(error) + "; " +
                     (error == EACCES ? io::read_permission_remedy(file)
                                      : "create it and let the daemon's user read it"));
    }
    struct stat facts {};
    std::array<char, kSizeMax + 1> buffer{};
    const bool regular = ::fstat(opened.get(), &facts) == 0 && S_ISREG(facts.st_mode);
    const auto size = regular ? ::read(opened.get(), buffer.data(), buffer.size()) : -1;
    if (size < 0) throw refuse("which is not a regular file; give the path of a file");
    if ((facts.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        throw refuse("which everyone may read or write; " + io::private_mode_remedy(file));
    }
    std::string password(buffer.data(), static_cast<std::size_t>(size));
    if (password.size() > kSizeMax)
        throw refuse("which is longer than 4 KiB; put only the password into it");
    password.erase(password.find_last_not_of(" \t\r\n") + 1);
    if (password.empty()) throw refuse("which is empty; put the password of etcd's user into it");
    return password;
}

}  // namespace electiond::discovery::etcd
