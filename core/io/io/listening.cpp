// Sockets that listen: on an address, or as a Unix socket in the file system.
#include <io/listening.h>

#include <io/address.h>

#include <grp.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <electiond/error.h>
#include <electiond/remedy.h>

namespace electiond::io {
namespace {

// "127.0.0.1, 10.0.0.5, ::1"
std::string addresses_here() {
    std::string text;
    for (const auto& each : addresses_of_host()) text += (text.empty() ? "" : ", ") + each;
    return text;
}

std::string remedy(int error, const Endpoint& endpoint) {
    switch (error) {
        case EADDRINUSE:
            return "stop the program that listens there, or choose another port";
        case EADDRNOTAVAIL:
            return "choose an address of this host: " + addresses_here();
        case EACCES:
        case EPERM:
            return endpoint.port != 0 && endpoint.port < 1024
                       ? "choose a port above 1023, or grant CAP_NET_BIND_SERVICE"
                       : "let the security policy of this host allow it, or choose another port";
        case EAFNOSUPPORT:
            return "this host does not have this kind of address: choose one of " +
                   addresses_here();
        default:
            return "choose an address of this host: " + addresses_here();
    }
}

// Of a name that cannot be looked up; `error` is getaddrinfo's.
std::string remedy_of_name(int error) {
    if (error == EAI_AGAIN || error == EAI_FAIL || error == EAI_SYSTEM) {
        return "the name service does not answer: repair it, or give an address of this host";
    }
    return "no name service knows this name: correct it, or give an address of this host";
}

// One message form for everything that can go wrong here.
class Attempt {
  public:
    Attempt(std::string what, std::string key) : what_(std::move(what)), key_(std::move(key)) {}

    [[noreturn]] void fail(const std::string& reason, const std::string& advice,
                           Error::Code code = Error::os) const {
        throw Error("cannot listen on " + what_ + " (" + key_ + "): " + reason + "; " + advice,
                    code);
    }

  private:
    const std::string what_;
    const std::string key_;
};

using FoundAddresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

FoundAddresses find(const Endpoint& endpoint, const Attempt& attempt) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    // An address must not wait for a name service.
    if (parse_address(endpoint.host)) hints.ai_flags |= AI_NUMERICHOST;
    addrinfo* list = nullptr;
    const auto port = std::to_string(endpoint.port);
    if (const int error = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list);
        error != 0) {
        attempt.fail(::gai_strerror(error), remedy_of_name(error));
    }
    return {list, ::freeaddrinfo};
}

bool set(int socket, int level, int option, int value) {
    return ::setsockopt(socket, level, option, &value, sizeof value) == 0;
}

// The errno; 0 if it listens.
int try_to_listen(const Descriptor& socket, const addrinfo& address, bool v6_only) {
    if (!socket.open() || !set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1) ||
        (address.ai_family == AF_INET6 &&
         !set(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, v6_only ? 1 : 0)) ||
        ::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        return errno;
    }
    return 0;
}

sockaddr_un address_of(const UnixSocket& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket.path.c_str(), socket.path.native().size());
    return address;
}

// 0 if a program listens on this socket, else the errno of the attempt to connect.
int connect_to(const sockaddr_un& address) {
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe.open()) return errno;
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(probe.get(), to, sizeof address) == 0 ? 0 : errno;
}

// Removes the socket file that an earlier process left: one on which no program listens.
void remove_left_over(const UnixSocket& socket, const Attempt& attempt) {
    struct stat found {};
    if (::lstat(socket.path.c_str(), &found) != 0) return;
    if (!S_ISSOCK(found.st_mode)) {
        attempt.fail("this path exists, but is not a socket", "move it, or choose another path",
                     Error::config);
    }
    if (connect_to(address_of(socket)) != ECONNREFUSED) {
        attempt.fail("another program listens there", "stop it, or choose another path");
    }
    (void)::unlink(socket.path.c_str());  // if that fails, bind fails
}

// Sets group and mode before listen(): until then no client can connect.
void set_access(const UnixSocket& socket, const Attempt& attempt) {
    if (!socket.group.empty()) {
        errno = 0;
        const auto* group = ::getgrnam(socket.group.c_str());
        if (group == nullptr) {
            attempt.fail("there is no group " + socket.group,
                         "create it, or correct api.socket_group", Error::config);
        }
        struct stat made {};
        // Not if it has that group: the system call filter of a service may refuse every chown.
        const bool has_it =
            ::lstat(socket.path.c_str(), &made) == 0 && made.st_gid == group->gr_gid;
        if (!has_it && ::chown(socket.path.c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0) {
            attempt.fail("its group cannot be set to " + socket.group + ": " +
                             std::generic_category().message(errno),
                         "make the daemon's user a member of that group, or correct "
                         "api.socket_group; under systemd remove the key, and set Group= in a "
                         "drop-in for the unit",
                         Error::config);
        }
    }
    if (::chmod(socket.path.c_str(), socket.mode) != 0) {
        attempt.fail("its mode cannot be set: " + std::generic_category().message(errno),
                     "let the daemon's user own the files in its directory");
    }
}

}  // namespace

std::vector<std::string> addresses_of_host() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(list, ::freeifaddrs);
    std::vector<std::string> found;
    for (const auto* one = all.get(); one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        const bool v4 = one->ifa_addr->sa_family == AF_INET;
        if (!v4 && one->ifa_addr->sa_family != AF_INET6) continue;
        std::array<char, NI_MAXHOST> host{};
        const auto size = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (::getnameinfo(one->ifa_addr, static_cast<socklen_t>(size), host.data(), host.size(),
                          nullptr, 0, NI_NUMERICHOST) == 0) {
            found.emplace_back(host.data());
        }
    }
    return found;
}

Descriptor listen_on(const Endpoint& endpoint, bool v6_only, const std::string& key) {
    const Attempt attempt(endpoint.to_string(), key);
    const auto found = find(endpoint, attempt);
    int error = 0;
    for (const auto* each = found.get(); each != nullptr; each = each->ai_next) {
        Descriptor socket(::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        error = try_to_listen(socket, *each, v6_only);
        if (error == 0) return socket;
    }
    attempt.fail(std::generic_category().message(error), remedy(error, endpoint));
}

Descriptor listen_on(const UnixSocket& socket, const std::string& key) {
    const Attempt attempt("unix:" + socket.path.string(), key);
    if (socket.path.native().size() > UnixSocket::kPathMax) {
        attempt.fail("the path has more than " + std::to_string(UnixSocket::kPathMax) + " bytes",
                     "choose a shorter one", Error::config);
    }
    remove_left_over(socket, attempt);
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener.open()) {
        attempt.fail("no socket can be made: " + std::generic_category().message(errno),
                     "allow Unix sockets, or more open files");
    }
    const auto address = address_of(socket);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        attempt.fail(std::generic_category().message(error),
                     error == EROFS
                         ? read_only_remedy(socket.path.parent_path().string())
                         : "create its directory, and let the daemon's user write there");
    }
    try {
        set_access(socket, attempt);
        if (::listen(listener.get(), SOMAXCONN) != 0) {
            attempt.fail(std::generic_category().message(errno), "choose another path");
        }
    } catch (const Error&) {
        (void)::unlink(socket.path.c_str());
        throw;
    }
    return listener;
}

SocketFile::SocketFile(std::filesystem::path path) : path_(std::move(path)) {
    struct stat found {};
    if (::lstat(path_.c_str(), &found) != 0) path_.clear();
    device_ = found.st_dev;
    number_ = found.st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), number_(other.number_) {}

SocketFile::~SocketFile() {
    struct stat found {};
    if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
    if (found.st_dev == device_ && found.st_ino == number_) (void)::unlink(path_.c_str());
}

Endpoint listens_on(const Descriptor& listener) {
    const auto own = own_end(listener.get());
    return own ? own->endpoint() : Endpoint{};
}

}  // namespace electiond::io
