// Makes authorities and certificates, and reads the purposes of a certificate.
#include "electionctl/certificate_maker.h"

#include <electiond/error.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace electiond::ctl {
namespace {

using std::filesystem::path;

template <typename T, void (*kFree)(T*)>
struct Freed {
    void operator()(T* pointer) const { kFree(pointer); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Cert = Owned<X509, X509_free>;
using Bio = Owned<BIO, BIO_free_all>;
using Subject = Owned<X509_NAME, X509_NAME_free>;
using Crl = Owned<X509_CRL, X509_CRL_free>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;

// Throws if `done` is false: only because of a lack of memory or random numbers, or a bug.
void need(bool done, const char* what) {
    if (done) return;
    std::array<char, 256> why{};
    ERR_error_string_n(ERR_get_error(), why.data(), why.size());
    throw std::runtime_error(std::string("OpenSSL: ") + what + ": " + why.data());
}

// ---- PEM ----------------------------------------------------------------------------------------

template <typename Write>
std::string pem_by(Write write) {
    const Bio bio(BIO_new(BIO_s_mem()));
    need(bio && write(bio.get()) == 1, "PEM");
    char* begin = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &begin);
    return {begin, static_cast<std::size_t>(size)};
}

Pem pem_of(const Cert& cert, const Key& key) {
    return {pem_by([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); }),
            pem_by([&](BIO* bio) {
                return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr,
                                                     nullptr);
            })};
}

Bio open_file(const path& file) {
    Bio bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) {
        throw Error(
            "cannot read " + file.string() + ": check that it exists and that you may read it",
            Error::data);
    }
    return bio;
}

// Every object of a kind in a PEM file; other kinds are skipped.
template <typename T, auto kRead>
std::vector<T> all_in(const path& file) {
    const auto bio = open_file(file);
    std::vector<T> found;
    while (T one{kRead(bio.get(), nullptr, nullptr, nullptr)}) found.push_back(std::move(one));
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        throw Error(file.string() + " is damaged: restore an undamaged copy", Error::data);
    }
    ERR_clear_error();
    return found;
}

std::vector<Cert> read_all(const path& file) {
    auto found = all_in<Cert, PEM_read_bio_X509>(file);
    if (found.empty()) throw Error(file.string() + " holds no certificate (PEM)", Error::data);
    return found;
}

// Without this callback OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

Key read_key(const path& file) {
    const auto bio = open_file(file);
    bool protected_ = false;
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &protected_));
    ERR_clear_error();
    if (protected_) {
        throw Error(file.string() +
                        " is protected by a passphrase, which is not supported: write a copy "
                        "without one with openssl pkey -in FILE -out COPY",
                    Error::data);
    }
    if (!key) throw Error(file.string() + " holds no private key (PEM)", Error::data);
    return key;
}

// ---- certificates -------------------------------------------------------------------------------

Key new_key() {
    Key key(EVP_EC_gen("P-256"));
    need(key != nullptr, "EC key");
    return key;
}

void set_serial(X509* cert) {
    std::array<unsigned char, 16> bytes{};
    const Owned<BIGNUM, BN_free> number(BN_new());
    do {
        need(RAND_bytes(bytes.data(), bytes.size()) == 1 && number &&
                 BN_bin2bn(bytes.data(), bytes.size(), number.get()) != nullptr,
             "random serial number");
    } while (BN_is_zero(number.get()));
    need(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr, "serial number");
}

bool set_time(ASN1_TIME* time, std::chrono::sys_seconds at) {
    return ASN1_TIME_set(time, at.time_since_epoch().count()) != nullptr;
}

void add(X509_NAME* subject, int nid, const std::string& value) {
    need(X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "subject");
}

// Unsigned, and without extensions.
Cert new_cert(const X509_NAME* subject, const Key& key, const Validity& validity) {
    Cert cert(X509_new());
    need(cert && X509_set_version(cert.get(), X509_VERSION_3) == 1, "certificate");
    set_serial(cert.get());
    need(set_time(X509_getm_notBefore(cert.get()), validity.from) &&
             set_time(X509_getm_notAfter(cert.get()), validity.until) &&
             X509_set_pubkey(cert.get(), key.get()) == 1 &&
             X509_set_subject_name(cert.get(), subject) == 1,
         "certificate");
    return cert;
}

// `value` is our own literal: OpenSSL's notation has commas and commands of its own.
void extend(X509* cert, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    const Extension made(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    need(made && X509_add_ext(cert, made.get(), -1) == 1, value);
}

Owned<GENERAL_NAME, GENERAL_NAME_free> general_name(const std::string& text) {
    const auto value = text.substr(text.find(':') + 1);
    Owned<GENERAL_NAME, GENERAL_NAME_free> name(GENERAL_NAME_new());
    Owned<ASN1_STRING, ASN1_STRING_free> string(
        text.starts_with("IP:") ? a2i_IPADDRESS(value.c_str()) : ASN1_IA5STRING_new());
    need(name && string, text.c_str());
    if (text.starts_with("IP:")) {
        GENERAL_NAME_set0_value(name.get(), GEN_IPADD, string.release());
        return name;
    }
    need(ASN1_STRING_set(string.get(), value.data(), static_cast<int>(value.size())) == 1,
         text.c_str());
    GENERAL_NAME_set0_value(name.get(), text.starts_with("URI:") ? GEN_URI : GEN_DNS,
                            string.release());
    return name;
}

void add_names(X509* cert, const std::vector<std::string>& names) {
    const Owned<GENERAL_NAMES, GENERAL_NAMES_free> all(GENERAL_NAMES_new());
    for (const auto& text : names) {
        auto name = general_name(text);
        need(all && sk_GENERAL_NAME_push(all.get(), name.get()) > 0, text.c_str());
        (void)name.release();  // the list owns it now
    }
    need(X509_add1_ext_i2d(cert, NID_subject_alt_name, all.get(), 0, 0) == 1, "names");
}

// Adds the extensions that all certificates but an authority's have, apart from names and purposes.
void extend_as_leaf(X509* cert) {
    extend(cert, cert, NID_basic_constraints, "critical,CA:FALSE");
    extend(cert, cert, NID_key_usage, "critical,digitalSignature");
    extend(cert, cert, NID_subject_key_identifier, "hash");
}

std::string name_of(const Key& key) {
    std::array<char, 64> group{};
    if (EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) == 1) {
        const std::string name(group.data());
        return "EC " + (name == "prime256v1" ? "P-256" : name);
    }
    const char* type = EVP_PKEY_get0_type_name(key.get());
    return std::string(type == nullptr ? "unknown" : type) + " " +
           std::to_string(EVP_PKEY_get_bits(key.get())) + " bits";
}

Purpose purpose_of(X509* cert) {
    Purpose purpose;
    const auto* subject = X509_get_subject_name(cert);
    if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
        unsigned char* text = nullptr;
        const int size =
            ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (size > 0) purpose.common_name.assign(text, text + size);
        OPENSSL_free(text);
    }
    if (const Key key{X509_get_pubkey(cert)}) purpose.key = name_of(key);
    purpose.server = X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0) == 1;
    purpose.client = X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1;
    ERR_clear_error();
    return purpose;
}

}  // namespace

// ---- authorities --------------------------------------------------------------------------------

struct Authority::Inner {
    Cert cert{};
    Key key{};

    // The last step: nothing may be changed after it.
    void sign(X509* other) const {
        if (other != cert.get()) extend(other, cert.get(), NID_authority_key_identifier, "keyid");
        need(X509_set_issuer_name(other, X509_get_subject_name(cert.get())) == 1 &&
                 X509_sign(other, key.get(), EVP_sha256()) > 0,
             "signature");
    }

    // Adds the first certificate of a file to a list, if it is not there yet.
    void add_to(X509_CRL* list, const path& file, const ASN1_TIME* at) const {
        const auto gone = std::move(read_all(file).front());
        if (X509_verify(gone.get(), key.get()) != 1 || gone.get() == cert.get()) {
            ERR_clear_error();
            throw Error(file.string() + " was not signed by this authority, which cannot revoke it",
                        Error::refused);
        }
        X509_REVOKED* found = nullptr;
        if (X509_CRL_get0_by_cert(list, &found, gone.get()) == 1) return;
        Owned<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
        need(entry &&
                 X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(gone.get())) ==
                     1 &&
                 X509_REVOKED_set_revocationDate(entry.get(), const_cast<ASN1_TIME*>(at)) == 1 &&
                 X509_CRL_add0_revoked(list, entry.get()) == 1,
             "revocation list");
        (void)entry.release();  // the list owns it now
    }
};

Authority::Authority(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
Authority::~Authority() = default;
Authority::Authority(Authority&&) noexcept = default;

Authority Authority::create(const std::string& organization, const std::string& name,
                            const Validity& validity) {
    auto inner = std::make_unique<Inner>();
    inner->key = new_key();
    const Subject subject(X509_NAME_new());
    add(subject.get(), NID_organizationName, organization);
    add(subject.get(), NID_commonName, name);
    inner->cert = new_cert(subject.get(), inner->key, validity);
    auto* cert = inner->cert.get();
    extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(cert, cert, NID_subject_key_identifier, "hash");
    inner->sign(cert);
    return Authority(std::move(inner));
}

Authority Authority::read(const path& cert, const path& key) {
    auto inner = std::make_unique<Inner>();
    inner->key = read_key(key);
    for (auto& each : read_all(cert)) {
        const bool is_ours = X509_check_private_key(each.get(), inner->key.get()) == 1;
        if (is_ours && X509_check_ca(each.get()) > 0) inner->cert = std::move(each);
    }
    ERR_clear_error();
    if (!inner->cert) {
        throw Error(key.string() + " does not belong to an authority in " + cert.string() +
                        ": restore the pair that was made together",
                    Error::data);
    }
    return Authority(std::move(inner));
}

Pem Authority::pem() const { return pem_of(inner_->cert, inner_->key); }

std::chrono::sys_seconds Authority::until() const {
    tm time{};
    need(ASN1_TIME_to_tm(X509_get0_notAfter(inner_->cert.get()), &time) == 1, "end of authority");
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

Pem Authority::issue(const CertificateContents& contents) const {
    const auto key = new_key();
    const Subject subject(X509_NAME_new());
    add(subject.get(), NID_commonName, contents.common_name);
    const auto cert = new_cert(subject.get(), key, contents.validity);
    extend_as_leaf(cert.get());
    extend(cert.get(), cert.get(), NID_ext_key_usage,
           contents.server ? "serverAuth,clientAuth" : "clientAuth");
    add_names(cert.get(), contents.names);
    inner_->sign(cert.get());
    return pem_of(cert, key);
}

Pem Authority::issue_like(const path& like, const Validity& validity) const {
    const auto old = std::move(read_all(like).front());
    const auto key = new_key();
    const auto cert = new_cert(X509_get_subject_name(old.get()), key, validity);
    extend_as_leaf(cert.get());
    for (const int nid : {NID_ext_key_usage, NID_subject_alt_name}) {
        const int at = X509_get_ext_by_NID(old.get(), nid, -1);
        if (at < 0) continue;
        need(X509_add_ext(cert.get(), X509_get_ext(old.get(), at), -1) == 1, "extension");
    }
    inner_->sign(cert.get());
    return pem_of(cert, key);
}

std::string Authority::revoke(const std::vector<path>& certs, const path& list,
                              std::chrono::sys_seconds at) const {
    Crl made(X509_CRL_new());
    std::string others;
    std::error_code ignored;
    if (std::filesystem::exists(list, ignored)) {
        for (auto& each : all_in<Crl, PEM_read_bio_X509_CRL>(list)) {
            if (X509_CRL_verify(each.get(), inner_->key.get()) == 1) {
                made.reset(X509_CRL_dup(each.get()));
            } else {  // of an authority that is being replaced
                others += pem_by([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, each.get()); });
            }
        }
    }
    ERR_clear_error();
    // Each list has a higher number than the one before it.
    const Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    const Owned<ASN1_TIME, ASN1_TIME_free> from(ASN1_TIME_new());
    need(made && from && set_time(from.get(), at) && number &&
             ASN1_INTEGER_set_int64(number.get(), at.time_since_epoch().count()) == 1 &&
             X509_CRL_add1_ext_i2d(made.get(), NID_crl_number, number.get(), 0,
                                   X509V3_ADD_REPLACE) == 1 &&
             X509_CRL_set_version(made.get(), X509_CRL_VERSION_2) == 1 &&
             X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(inner_->cert.get())) == 1 &&
             X509_CRL_set1_lastUpdate(made.get(), from.get()) == 1 &&
             X509_CRL_set1_nextUpdate(made.get(), X509_get0_notAfter(inner_->cert.get())) == 1,
         "revocation list");
    for (const auto& file : certs) inner_->add_to(made.get(), file, from.get());
    need(X509_CRL_sort(made.get()) == 1 &&
             X509_CRL_sign(made.get(), inner_->key.get(), EVP_sha256()) > 0,
         "revocation list");
    return pem_by([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, made.get()); }) + others;
}

// ---- looking at certificates --------------------------------------------------------------------

std::vector<Purpose> read_purposes(const path& cert) {
    std::vector<Purpose> found;
    for (const auto& each : read_all(cert)) found.push_back(purpose_of(each.get()));
    return found;
}

std::string why_not_trusted(const path& cert, const path& ca) {
    const auto chain = read_all(cert);
    const auto authorities = read_all(ca);
    const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    const Owned<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
    for (const auto& each : authorities) {
        need(store && X509_STORE_add_cert(store.get(), each.get()) == 1, "authorities");
    }
    // The list borrows what `chain` owns.
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
        sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
    for (const auto& each : chain) need(sk_X509_push(others.get(), each.get()) > 0, "chain");
    need(check &&
             X509_STORE_CTX_init(check.get(), store.get(), chain.front().get(), others.get()) == 1,
         "verification");
    const bool trusted = X509_verify_cert(check.get()) == 1;
    ERR_clear_error();
    if (trusted) return {};
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

bool belongs_together(const path& cert, const path& key) {
    const auto all = read_all(cert);
    const bool belongs = X509_check_private_key(all.front().get(), read_key(key).get()) == 1;
    ERR_clear_error();
    return belongs;
}

}  // namespace electiond::ctl
