// Reads what certificates contain, as plain values.
#include <arpa/inet.h>
#include <fcntl.h>
#include <io/descriptor.h>
#include <io/openssl.h>
#include <io/permission_remedy.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <electiond/error.h>

namespace electiond::io {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1024} * 1024;
constexpr std::size_t kFileBytesUsual = std::size_t{16} * 1024;

std::string text_of(const X509_NAME* name) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return printable({data, static_cast<std::size_t>(size)});
}

std::string digits_of(const ASN1_INTEGER* serial) {
    const std::unique_ptr<BIGNUM, Freed<BN_free>> number(ASN1_INTEGER_to_BN(serial, nullptr));
    char* const hex = number ? BN_bn2hex(number.get()) : nullptr;
    std::string text = hex != nullptr ? hex : "";
    OPENSSL_free(hex);
    return text;
}

std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_of(const ASN1_STRING* bytes) {
    const bool v4 = ASN1_STRING_length(bytes) == 4;
    if (!v4 && ASN1_STRING_length(bytes) != 16) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(v4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(),
                       text.size());
}

// One name as in Certificate::names. Empty: a kind of name that is not used here, or a name with a
// NUL inside, which some programs take for its end.
std::string name_of(const GENERAL_NAME& name) {
    const auto with = [](const char* kind, const std::string& text) {
        return text.empty() || text.find('\0') != std::string::npos ? std::string() : kind + text;
    };
    switch (name.type) {
        case GEN_DNS:
            return with("DNS:", text_of(name.d.dNSName));
        case GEN_URI:
            return with("URI:", text_of(name.d.uniformResourceIdentifier));
        case GEN_EMAIL:
            return with("email:", text_of(name.d.rfc822Name));
        case GEN_IPADD:
            return with("IP:", address_of(name.d.iPAddress));
        default:
            return {};
    }
}

std::vector<std::string> names_of(const X509& x509) {
    const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> found(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)));
    std::vector<std::string> names;
    for (int n = 0; found && n < sk_GENERAL_NAME_num(found.get()); ++n) {
        auto name = name_of(*sk_GENERAL_NAME_value(found.get(), n));
        if (!name.empty()) names.push_back(std::move(name));
    }
    return names;
}

std::string in_utc(std::chrono::sys_seconds time, const char* format) {
    const auto seconds = static_cast<std::time_t>(time.time_since_epoch().count());
    std::tm parts{};
    std::array<char, 32> text{};
    ::gmtime_r(&seconds, &parts);
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string day_of(std::chrono::sys_seconds time) { return in_utc(time, "%Y-%m-%d"); }

std::string minute_of(std::chrono::sys_seconds time) { return in_utc(time, "%Y-%m-%d %H:%M UTC"); }

std::string printable(std::string_view text, std::size_t most) {
    std::string shown(text.substr(0, most));
    for (auto& c : shown) {
        if (c < ' ' || c > '~') c = '?';
    }
    return shown;
}

Certificate certificate_of(const X509& x509) {
    return {.subject = text_of(X509_get_subject_name(&x509)),
            .issuer = text_of(X509_get_issuer_name(&x509)),
            .serial = digits_of(X509_get0_serialNumber(&x509)),
            .names = names_of(x509),
            .not_before = time_of(X509_get0_notBefore(&x509)),
            .not_after = time_of(X509_get0_notAfter(&x509)),
            // It caches what it finds, under a lock of its own.
            .is_authority = X509_check_ca(const_cast<X509*>(&x509)) == 1};
}

std::string in_brackets(const Certificate& certificate) {
    std::string text = "(";
    if (!certificate.subject.empty()) text.append(certificate.subject).append(", ");
    // RFC 5280 allows 20 bytes; a forged certificate may have many more.
    return text.append("serial ").append(printable(certificate.serial, 40)).append(")");
}

std::string read_pem(const std::filesystem::path& file, const std::string& what, bool secret) {
    const auto refuse = [&](const std::string& why) {
        return Error(what + " is \"" + file.string() + "\", " + why, Error::config);
    };
    const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened.open()) {
        const int error = errno;
        throw refuse(std::string("which cannot be read: ") + std::strerror(error) + "; " +
                     (error == EACCES ? read_permission_remedy(file)
                                      : "name a PEM file that this user may read"));
    }
    struct stat state {};
    if (::fstat(opened.get(), &state) != 0 || !S_ISREG(state.st_mode)) {
        throw refuse("which is not a file; name a PEM file");
    }
    if (secret && (state.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        throw refuse("which everyone may read or write; " + private_mode_remedy(file));
    }
    // With one byte more than the file has: the last read finds its end, and the text of a key is
    // not moved, which would leave a copy.
    const auto expected = std::max(static_cast<std::size_t>(state.st_size), kFileBytesUsual);
    std::string text(std::min(expected, kFileBytesMax) + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto count = ::read(opened.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw refuse(std::string("which cannot be read: ") + std::strerror(errno));
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > kFileBytesMax) throw refuse("which has more than 1 MiB; name a PEM file");
    if (size == text.size()) throw refuse("which grows while it is read; try again");
    text.resize(size);
    return text;
}

std::vector<Certificate> read_with_openssl(const std::filesystem::path& file) {
    const auto text = read_pem(file, "the certificate");
    const BioPtr in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    std::vector<Certificate> found;
    while (const X509Ptr x509{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        found.push_back(certificate_of(*x509));
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (found.empty() || !at_end) {
        throw Error("\"" + file.string() + "\" holds " +
                        (found.empty() ? "no certificate" : "a damaged certificate") +
                        "; expected PEM text, as in -----BEGIN CERTIFICATE-----",
                    Error::config);
    }
    return found;
}

}  // namespace electiond::io
