// Reads the section `api`: addresses, access and limits.
#include <fcntl.h>
#include <grp.h>
#include <io/permission_remedy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "settings/address.h"
#include "settings/read_sections.h"

namespace electiond {
namespace {

constexpr std::size_t kTokenBytesMax = 4096;

std::string octal(mode_t mode) {
    std::ostringstream text;
    text << '0' << std::oct << (mode & 07777U);
    return text.str();
}

// The token that changes must carry. Empty if the file was refused.
std::string read_token(Section& api, const std::filesystem::path& path) {
    const auto refuse = [&](const std::string& why) {
        api.fault("token_file", "is " + in_quotes(path.string()) + ", " + why);
        return std::string();
    };
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        const int error = errno;
        return refuse(std::string("which cannot be read: ") + std::strerror(error) + "; " +
                      (error == EACCES ? io::read_permission_remedy(path)
                                       : "create it and let the daemon's user read it"));
    }
    struct stat state {};
    std::array<char, kTokenBytesMax + 1> buffer{};
    const bool regular = ::fstat(file, &state) == 0 && S_ISREG(state.st_mode);
    const auto size = regular ? ::read(file, buffer.data(), buffer.size()) : -1;
    ::close(file);
    if (size < 0) return refuse("which is not a file that can be read; name a file");
    if ((state.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return refuse("which everyone may read or write (mode " + octal(state.st_mode) + "); " +
                      io::private_mode_remedy(path));
    }
    std::string token(buffer.data(), static_cast<std::size_t>(size));
    if (token.size() > kTokenBytesMax) return refuse("which is too large for a token (over 4 KiB)");
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    if (token.empty()) return refuse("which is empty; put a token of your choice into it");
    const auto printable = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    if (!std::all_of(token.begin(), token.end(), printable)) {
        return refuse(
            "whose token holds a space, a line break or a non-ASCII character; use one line of "
            "letters and digits");
    }
    return token;
}

constexpr std::string_view kUnix = "unix:";
constexpr char kListenForm[] =
    "host:port, as in 127.0.0.1:7400 or \"[::1]:7400\": an IP address or a host name, and a port "
    "from 0 to 65535; or unix:PATH, as in unix:/run/electiond/api.sock";

// The path of a Unix socket; empty if it was refused. `verb` is "is" or "holds".
std::filesystem::path read_socket_path(Section& api, const std::string& text,
                                       const std::string& verb) {
    const std::filesystem::path path(text.substr(kUnix.size()));
    if (!path.is_absolute() || !path.has_filename()) {
        api.fault("listen", verb + " " + in_quotes(text) +
                                ", but the path of a socket must be absolute and name a file, as "
                                "in unix:/run/electiond/api.sock");
        return {};
    }
    if (text.find('\0') != std::string::npos) {
        api.fault("listen", verb +
                                " a path with a zero byte, which would end it; choose one without, "
                                "as in unix:/run/electiond/api.sock");
        return {};
    }
    auto normal = path.lexically_normal();
    const auto size = normal.string().size();
    if (size <= io::UnixSocket::kPathMax) return normal;
    api.fault("listen", verb + " " + in_quotes(text) + ", whose path has " + std::to_string(size) +
                            " bytes, but that of a socket may have at most " +
                            std::to_string(io::UnixSocket::kPathMax) +
                            "; choose a shorter path, as in unix:/run/electiond/api.sock");
    return {};
}

std::optional<ListenAddress> read_address(Section& api, const std::string& text,
                                          const std::string& verb, const io::UnixSocket& access) {
    if (text.starts_with(kUnix)) {
        auto socket = access;
        socket.path = read_socket_path(api, text, verb);
        if (socket.path.empty()) return std::nullopt;
        return socket;
    }
    const auto endpoint = Endpoint::parse(text);
    if (endpoint && is_host(endpoint->host)) return *endpoint;
    api.fault("listen", verb + " " + in_quotes(text) + ", but must be " + kListenForm);
    return std::nullopt;
}

// Port 0 may be listed several times: each is another port. Any other address only once.
bool is_any_port(const ListenAddress& address) {
    const auto* endpoint = std::get_if<Endpoint>(&address);
    return endpoint != nullptr && endpoint->port == 0;
}

void read_listen(Section& api, const io::UnixSocket& access, std::vector<ListenAddress>& all) {
    const auto* given = api.find("listen");
    if (given != nullptr && given->kind == Value::Kind::list) {
        for (const auto& text : api.texts("listen")) {
            const auto address = read_address(api, text, "holds", access);
            if (!address) continue;
            if (!is_any_port(*address) && std::ranges::find(all, *address) != all.end()) {
                api.fault("listen", "names " + text + " twice; name it once");
            }
            all.push_back(*address);
        }
        if (given->list.empty()) api.fault("listen", "is an empty list; name one address at least");
    } else if (const auto text = api.text("listen")) {
        if (const auto address = read_address(api, *text, "is", access)) all.push_back(*address);
    } else {
        all.emplace_back(Endpoint{"127.0.0.1", 7400});
        api.remember_default("listen", "127.0.0.1:7400");
    }
}

mode_t read_socket_mode(Section& api) {
    const auto text = api.text("socket_mode", "0660");
    const bool octal_digits = (text.size() == 3 || (text.size() == 4 && text.front() == '0')) &&
                              text.find_first_not_of("01234567") == std::string::npos;
    const auto mode = octal_digits ? static_cast<mode_t>(std::stoul(text, nullptr, 8)) : mode_t{0};
    constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
    if ((mode & kOwner) == kOwner) return mode;
    api.fault("socket_mode", "is " + in_quotes(text) +
                                 ", but must be an octal mode that lets the owner read and write, "
                                 "as in \"0660\" (the group may connect, too) or \"0600\"");
    return io::UnixSocket{}.mode;
}

bool group_exists(const std::string& name) {
    std::vector<char> buffer(16 * 1024);
    group entry{};
    group* found = nullptr;
    int error = 0;
    do {
        error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) buffer.resize(buffer.size() * 2);
    } while (error == ERANGE || error == EINTR);
    return found != nullptr;
}

std::string read_socket_group(Section& api) {
    const auto name = api.text("socket_group");
    if (!name) return "";
    if (!group_exists(*name)) {
        api.fault("socket_group", "is " + in_quotes(*name) +
                                      ", but this machine has no group of that name; create it "
                                      "(groupadd), or name one that `getent group` lists");
    }
    return *name;
}

void read_hostnames(Section& api, Settings& settings) {
    for (auto name : api.texts("hostnames")) {
        if (!is_host(name)) {
            api.fault("hostnames",
                      "holds " + in_quotes(name) + ", but must be host names, without a port");
        }
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        settings.api.hostnames.push_back(std::move(name));
    }
}

// The first address that other machines reach; nullptr if there is none. A Unix socket counts as
// local, since file permissions decide who may connect.
const Endpoint* beyond_loopback(const Settings::Api& api) {
    for (const auto& address : api.listen) {
        const auto* endpoint = std::get_if<Endpoint>(&address);
        if (endpoint != nullptr && !is_loopback(*endpoint)) return endpoint;
    }
    return nullptr;
}

// Refuses an API that lets anyone change the cluster, and warns if the network can read the token.
void check_secrecy(Section& api, const Settings::Api& into, Warnings& warnings) {
    const auto* endpoint = beyond_loopback(into);
    if (endpoint == nullptr) return;
    const auto address = endpoint->to_string();
    const bool asks_for_certificate = into.tls && !into.tls->ca.empty();
    const bool guarded = into.token_file || asks_for_certificate;
    const std::string plain = into.tls ? "" : ", in plain text";
    if (!guarded && !into.insecure) {
        api.fault("listen", "is " + address +
                                ", reachable beyond this machine, where anyone could change the "
                                "cluster; set api.token_file, or api.tls with a ca, or "
                                "api.insecure: true if you trust the network");
    } else if (!guarded) {
        warnings.push_back("api.insecure: true lets everybody who reaches api.listen (" + address +
                           ") change the cluster" + plain +
                           "; set api.tls, and api.token_file or api.tls.ca, or keep everybody "
                           "else off this network");
    } else if (!into.tls) {
        warnings.push_back("api.token_file: clients send the token in plain text to api.listen (" +
                           address +
                           "), so anyone who can listen on this network can take it and change the "
                           "cluster; set api.tls, or let clients use a tunnel");
    }
}

void check_tls(Section& api, const Settings::Api& into, Warnings& warnings) {
    if (into.reading_needs_token && !into.token_file && (!into.tls || into.tls->ca.empty())) {
        api.fault("read",
                  "is \"token\", but there is no token, so nobody could read anything; set "
                  "api.token_file, or api.tls with a ca");
    }
    const bool sockets_alone = std::ranges::all_of(
        into.listen, [](const auto& each) { return std::holds_alternative<io::UnixSocket>(each); });
    if (into.tls && sockets_alone) {
        warnings.emplace_back(
            "api.tls has no effect: api.listen names only Unix sockets, which are never encrypted; "
            "add a host:port, or remove the key");
    }
}

}  // namespace

std::string to_string(const ListenAddress& address) {
    if (const auto* socket = std::get_if<io::UnixSocket>(&address)) {
        return std::string(kUnix) + socket->path.string();
    }
    return std::get<Endpoint>(address).to_string();
}

void read_api(Section& api, Settings& settings, Warnings& warnings) {
    auto& into = settings.api;
    const auto faults_before = api.faults();
    io::UnixSocket access;
    access.mode = read_socket_mode(api);
    access.group = read_socket_group(api);
    read_listen(api, access, into.listen);
    into.token_file = api.path("token_file");
    if (into.token_file) into.token = read_token(api, *into.token_file);
    into.reading_needs_token = api.choice<bool>("read", "open", {{"open", false}, {"token", true}});
    into.insecure = api.flag("insecure", false);
    read_hostnames(api, settings);
    read_tls(api, into);
    read_limits(api, into.limits);
    if (api.faults() > faults_before) return;
    check_tls(api, into, warnings);
    check_secrecy(api, into, warnings);
}

}  // namespace electiond
