// A certificate authority for tests: certificates of every kind, right and wrong, and revocations.
#include "support/test_ca.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

namespace electiond {
namespace {

namespace fs = std::filesystem;

template <typename T, void (*kFree)(T*)>
struct Freed {
    void operator()(T* pointer) const { kFree(pointer); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Cert = Owned<X509, X509_free>;
using Crl = Owned<X509_CRL, X509_CRL_free>;
using Names = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using Name = Owned<GENERAL_NAME, GENERAL_NAME_free>;
using Time = Owned<ASN1_TIME, ASN1_TIME_free>;
using Bytes = Owned<ASN1_STRING, ASN1_STRING_free>;

[[noreturn]] void fail(const std::string& what) {
    std::array<char, 256> why{};
    ERR_error_string_n(ERR_get_error(), why.data(), why.size());
    throw std::runtime_error("test CA: " + what + ": " + why.data());
}
void need(bool done, const char* what) {
    if (!done) fail(what);
}

// What `write` puts into a buffer of OpenSSL's.
template <typename Write>
std::string pem(Write write) {
    const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
    need(bio && write(bio.get()) == 1, "PEM");
    char* begin = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &begin);
    return {begin, static_cast<std::size_t>(size)};
}

void write(const fs::path& file, const std::string& text, mode_t mode) {
    std::ofstream(file) << text;
    if (fs::file_size(file) != text.size() || ::chmod(file.c_str(), mode) != 0) {
        throw std::runtime_error("test CA: cannot write " + file.string());
    }
}

std::string pem_of(const Key& key) {
    return pem([&](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}
std::string pem_of(const Cert& cert) {
    return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); });
}
std::string pem_of(const Crl& crl) {
    return pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

Cert read_cert(const fs::path& file) {
    const Owned<BIO, BIO_free_all> bio(BIO_new_file(file.c_str(), "r"));
    Cert cert(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    need(cert != nullptr, file.c_str());
    return cert;
}

Time from_now(std::chrono::seconds ahead) {
    Time time(ASN1_TIME_adj(nullptr, ::time(nullptr), 0, ahead.count()));
    need(time != nullptr, "ASN1_TIME_adj");
    return time;
}

Key new_key() {
    Key key(EVP_EC_gen("P-256"));
    need(key != nullptr, "EVP_EC_gen");
    return key;
}

void set_serial(X509* cert, std::size_t size) {
    std::vector<unsigned char> bytes(size);
    const int count = static_cast<int>(size);
    need(size > 0 && RAND_bytes(bytes.data(), count) == 1, "RAND_bytes");
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, of full length
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), count, nullptr));
    need(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr, "serial");
}

void extend(X509* cert, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    need(extension && X509_add_ext(cert, extension.get(), -1) == 1, value);
}

void add_name(GENERAL_NAMES* names, const std::string& text) {
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    const auto value = text.substr(colon + 1);
    Name name(GENERAL_NAME_new());
    if (kind == "IP") {
        Bytes address(a2i_IPADDRESS(value.c_str()));
        need(name && address, text.c_str());
        GENERAL_NAME_set0_value(name.get(), GEN_IPADD, address.release());
    } else {
        const int type = kind == "URI" ? GEN_URI : kind == "DNS" ? GEN_DNS : GEN_EMAIL;
        if (type == GEN_EMAIL && kind != "email") throw std::runtime_error("test CA: " + text);
        Bytes string(ASN1_IA5STRING_new());
        need(name && string &&
                 ASN1_STRING_set(string.get(), value.data(), static_cast<int>(value.size())) == 1,
             text.c_str());
        GENERAL_NAME_set0_value(name.get(), type, string.release());
    }
    need(sk_GENERAL_NAME_push(names, name.release()) > 0, text.c_str());
}

// What every certificate has; it is not signed yet.
Cert new_cert(const std::string& subject, const Key& key, std::chrono::seconds from,
              std::chrono::seconds until) {
    Cert cert(X509_new());
    need(cert && X509_set_version(cert.get(), X509_VERSION_3) == 1, "X509_new");
    set_serial(cert.get(), TestCa::kSerialBytes);
    need(X509_set1_notBefore(cert.get(), from_now(from).get()) == 1 &&
             X509_set1_notAfter(cert.get(), from_now(until).get()) == 1 &&
             X509_set_pubkey(cert.get(), key.get()) == 1,
         "certificate");
    const Owned<X509_NAME, X509_NAME_free> name(X509_NAME_new());
    need(name &&
             X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(subject.data()),
                                        static_cast<int>(subject.size()), -1, 0) == 1 &&
             X509_set_subject_name(cert.get(), name.get()) == 1,
         "subject");
    return cert;
}

struct Authority {
    Key key{};
    Cert cert{};

    // Signs what is complete but for its issuer.
    void sign(X509* other) const {
        extend(other, cert.get(), NID_authority_key_identifier, "keyid:always");
        need(X509_set_issuer_name(other, X509_get_subject_name(cert.get())) == 1 &&
                 X509_sign(other, key.get(), EVP_sha256()) > 0,
             "signature");
    }
};

// Without `above` it signs itself.
Authority new_authority(const std::string& name, const Authority* above) {
    Authority made{new_key(), nullptr};
    made.cert = new_cert(name, made.key, std::chrono::hours(-24 * 365), std::chrono::hours(87600));
    auto* cert = made.cert.get();
    extend(cert, cert, NID_basic_constraints,
           above == nullptr ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0");
    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(cert, cert, NID_subject_key_identifier, "hash");
    (above == nullptr ? made : *above).sign(cert);
    return made;
}

Crl new_crl(const Authority& authority, const std::vector<TestCa::Files>& what,
            std::chrono::seconds until) {
    Crl crl(X509_CRL_new());
    const auto from = std::min(std::chrono::seconds(std::chrono::hours(-1)), until * 2);
    need(
        crl && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
            X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(authority.cert.get())) == 1 &&
            X509_CRL_set1_lastUpdate(crl.get(), from_now(from).get()) == 1 &&
            X509_CRL_set1_nextUpdate(crl.get(), from_now(until).get()) == 1,
        "CRL");
    for (const auto& each : what) {
        const auto cert = read_cert(each.cert);
        if (X509_NAME_cmp(X509_get_issuer_name(cert.get()),
                          X509_get_subject_name(authority.cert.get())) != 0) {
            continue;
        }
        Owned<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
        need(entry &&
                 X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(cert.get())) ==
                     1 &&
                 X509_REVOKED_set_revocationDate(entry.get(), from_now(from).get()) == 1 &&
                 X509_CRL_add0_revoked(crl.get(), entry.release()) == 1,
             "revocation");
    }
    need(X509_CRL_sort(crl.get()) == 1 &&
             X509_CRL_sign(crl.get(), authority.key.get(), EVP_sha256()) > 0,
         "CRL");
    return crl;
}

}  // namespace

struct TestCa::Inner {
    fs::path folder{}, file{};
    std::string name{};
    Authority root{};
    Authority intermediate{};  // made when it is first needed
    int files = 0;

    [[nodiscard]] fs::path next(const char* ending) {
        return folder / (std::to_string(++files) + ending);
    }
};

TestCa::TestCa(const std::string& name) : inner_(std::make_unique<Inner>()) {
    auto folder = (fs::temp_directory_path() / "electiond-ca-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("test CA: " + folder);
    inner_->folder = folder;
    inner_->name = name;
    inner_->root = new_authority(name, nullptr);
    inner_->file = inner_->folder / "ca.crt";
    write(inner_->file, pem_of(inner_->root.cert), 0644);
}

TestCa::~TestCa() {
    std::error_code ignored;
    fs::remove_all(inner_->folder, ignored);
}

const fs::path& TestCa::file() const { return inner_->file; }

TestCa::Files TestCa::issue(const Wish& wish) {
    if (wish.by_intermediate && !inner_->intermediate.cert) {
        inner_->intermediate = new_authority(inner_->name + ", intermediate", &inner_->root);
    }
    const auto& issuer = wish.by_intermediate ? inner_->intermediate : inner_->root;
    const auto key = new_key();
    const auto made = new_cert(wish.subject, key, wish.from, wish.until);
    set_serial(made.get(), wish.serial_bytes);
    auto* cert = made.get();
    extend(cert, cert, NID_basic_constraints, "critical,CA:FALSE");
    extend(cert, cert, NID_key_usage, "critical,digitalSignature");
    if (wish.server || wish.client) {
        extend(cert, cert, NID_ext_key_usage,
               !wish.client   ? "serverAuth"
               : !wish.server ? "clientAuth"
                              : "serverAuth,clientAuth");
    }
    if (!wish.names.empty()) {
        const Names names(GENERAL_NAMES_new());
        for (const auto& name : wish.names) add_name(names.get(), name);
        need(X509_add1_ext_i2d(cert, NID_subject_alt_name, names.get(), 0, 0) == 1, "SAN");
    }
    issuer.sign(cert);

    Files files{inner_->next(".crt"), inner_->next(".key")};
    write(files.cert, pem_of(made) + (wish.by_intermediate ? pem_of(issuer.cert) : ""), 0644);
    write(files.key, pem_of(key), 0600);
    return files;
}

fs::path TestCa::revoke(const std::vector<Files>& what, std::chrono::seconds until) {
    auto text = pem_of(new_crl(inner_->root, what, until));
    if (inner_->intermediate.cert) text += pem_of(new_crl(inner_->intermediate, what, until));
    const auto file = inner_->next(".crl");
    write(file, text, 0644);
    return file;
}

}  // namespace electiond
