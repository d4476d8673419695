// Certificate, key, authorities and revocation list: read, checked, and ready for connections.
#include <io/openssl.h>
#include <openssl/pem.h>

#include <array>
#include <new>
#include <utility>

#include <electiond/error.h>

namespace electiond::io {
namespace {

using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr auto kDay = std::chrono::hours(24);

// A key with a passphrase must not make OpenSSL ask at the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

BioPtr reading(const std::string& text) {
    BioPtr in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!in) throw std::bad_alloc();
    return in;
}

std::string reason() {
    const char* const text = ERR_reason_error_string(ERR_peek_last_error());
    std::string words = text != nullptr ? text : "unknown error";
    ERR_clear_error();
    return words;
}

}  // namespace

// Fills one context; each step throws Error.
class OpenSslContext::Loading {
  public:
    explicit Loading(OpenSslContext& into) : into_(into), setup_(into.setup_) {}

    void run() {
        ERR_clear_error();
        into_.handle_.reset(SSL_CTX_new(TLS_method()));
        if (!into_.handle_) throw std::bad_alloc();
        set_rules();
        if (!setup_.ca.empty()) {
            load_authorities();
        } else {
            SSL_CTX_set_default_verify_paths(into_.handle_.get());
        }
        if (!setup_.crl.empty()) load_revoked();
        if (!setup_.cert.empty()) {
            load_own();
        } else if (!setup_.key.empty()) {
            (void)read_key();
        }
        ERR_clear_error();
    }

  private:
    void set_rules() {
        auto* const handle = into_.handle_.get();
        SSL_CTX_set_min_proto_version(handle, setup_.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
        // No session is resumed: it would show no certificate again, so one that was revoked in the
        // meantime would be accepted. One ticket is sent all the same, because without it a client
        // without TCP_NODELAY waits 40 ms for its first answer; without a cache the ticket is never
        // accepted.
        SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                        SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
        SSL_CTX_set_num_tickets(handle, 1);
        constexpr std::array<unsigned char, 9> kId{'e', 'l', 'e', 'c', 't', 'i', 'o', 'n', 'd'};
        SSL_CTX_set_session_id_context(handle, kId.data(), kId.size());
        SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(handle, 1);
        // An authority of `ca` counts even if the one above it is not there.
        auto* const rules = SSL_CTX_get0_param(handle);
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
        if (setup_.at) X509_VERIFY_PARAM_set_time(rules, setup_.at->time_since_epoch().count());
    }

    [[nodiscard]] sys_seconds now() const { return time_for(setup_); }

    [[nodiscard]] X509_STORE* store() const { return SSL_CTX_get_cert_store(into_.handle_.get()); }

    [[nodiscard]] Error wrong(std::string_view key, const std::filesystem::path& file,
                              const std::string& why) const {
        return Error(key_name(setup_, key) + " is \"" + file.string() + "\", " + why,
                     Error::config);
    }

    // After the last object of a PEM file: is what follows no object, rather than a damaged one?
    static bool at_end() {
        const auto error = ERR_peek_last_error();
        const bool end =
            ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
        if (end) ERR_clear_error();
        return end;
    }

    void load_authorities() {
        const auto text = read_pem(setup_.ca, key_name(setup_, "ca"));
        const auto in = reading(text);
        int count = 0;
        while (const X509Ptr x509{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
            const auto shown = certificate_of(*x509);
            if (X509_STORE_add_cert(store(), x509.get()) != 1 ||
                SSL_CTX_add_client_CA(into_.handle_.get(), x509.get()) != 1) {
                throw wrong("ca", setup_.ca, "of which a certificate cannot be used: " + reason());
            }
            remember("ca", setup_.ca, shown.not_after,
                     "issue a new authority and its certificates");
            ++count;
        }
        if (!at_end()) {
            throw wrong("ca", setup_.ca,
                        "which holds a damaged certificate (" + reason() + "); fetch it again");
        }
        if (count == 0) throw wrong("ca", setup_.ca, "which holds no certificate; expected PEM");
    }

    void load_revoked() {
        const auto text = read_pem(setup_.crl, key_name(setup_, "crl"));
        const auto in = reading(text);
        int count = 0;
        while (const CrlPtr crl{PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)}) {
            if (X509_STORE_add_crl(store(), crl.get()) != 1) {
                throw wrong("crl", setup_.crl, "of which a list cannot be used: " + reason());
            }
            const auto* const next = X509_CRL_get0_nextUpdate(crl.get());
            if (next != nullptr) {
                if (time_of(next) <= now()) {
                    throw wrong("crl", setup_.crl,
                                "which was to be replaced by " + day_of(time_of(next)) +
                                    ", so it would refuse every certificate; fetch a new list");
                }
                remember("crl", setup_.crl, time_of(next), "fetch a new list");
            }
            ++count;
        }
        if (!at_end()) {
            throw wrong("crl", setup_.crl,
                        "which holds a damaged list (" + reason() + "); fetch it again");
        }
        if (count == 0) {
            throw wrong("crl", setup_.crl, "which holds no revocation list; expected PEM");
        }
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(into_.handle_.get()), X509_V_FLAG_CRL_CHECK);
    }

    // The certificate, those of its chain, and the key.
    void load_own() {
        const auto text = read_pem(setup_.cert, key_name(setup_, "cert"));
        const auto in = reading(text);
        const X509Ptr own(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr));
        if (!own) {
            const bool none = at_end();
            throw wrong(
                "cert", setup_.cert,
                none ? "which holds no certificate; expected PEM"
                     : "which holds a damaged certificate (" + reason() + "); fetch it again");
        }
        if (SSL_CTX_use_certificate(into_.handle_.get(), own.get()) != 1) {
            throw wrong("cert", setup_.cert,
                        "whose certificate cannot be used: " + reason() + "; issue another");
        }
        while (X509* const more = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
            SSL_CTX_add0_chain_cert(into_.handle_.get(), more);
        }
        if (!at_end()) {
            throw wrong("cert", setup_.cert,
                        "which holds a damaged certificate (" + reason() + "); fetch it again");
        }
        into_.own_ = certificate_of(*own);
        check_dates(*into_.own_);
        load_key();
        if (setup_.same_authority) {
            check_own(*own, "ssl_server", TlsSide::server);
            check_own(*own, "ssl_client", TlsSide::client);
        }
        remember("cert", setup_.cert, into_.own_->not_after, "renew it");
    }

    void check_dates(const Certificate& own) const {
        if (own.not_after <= now()) {
            throw wrong("cert", setup_.cert,
                        "which expired on " + minute_of(own.not_after) +
                            "; renew it, or correct this machine's clock, if it is wrong: it is " +
                            minute_of(now()) + " here");
        }
        if (own.not_before > now()) {
            throw wrong("cert", setup_.cert,
                        "which is valid from " + minute_of(own.not_before) +
                            " only; correct this machine's clock, if it is wrong (it is " +
                            minute_of(now()) + " here), or issue another");
        }
    }

    [[nodiscard]] KeyPtr read_key() const {
        auto text = read_pem(setup_.key, key_name(setup_, "key"), /*secret=*/true);
        const auto in = reading(text);
        KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
        const bool locked = text.find("ENCRYPTED") != std::string::npos;
        OPENSSL_cleanse(text.data(), text.size());
        if (!key) {
            ERR_clear_error();
            throw wrong("key", setup_.key,
                        locked ? "which has a passphrase; remove it, and protect the file by its "
                                 "mode (0600)"
                               : "which holds no private key; expected PEM");
        }
        return key;
    }

    void load_key() {
        if (setup_.key.empty()) {
            throw Error(key_name(setup_, "key") +
                            " is missing; name the file of the private key of " +
                            key_name(setup_, "cert"),
                        Error::config);
        }
        const auto key = read_key();
        if (SSL_CTX_use_PrivateKey(into_.handle_.get(), key.get()) != 1 ||
            SSL_CTX_check_private_key(into_.handle_.get()) != 1) {
            (void)reason();
            throw wrong("key", setup_.key,
                        "which is not the key of " + key_name(setup_, "cert") + " (\"" +
                            setup_.cert.string() + "\"); name the two that belong together");
        }
    }

    // Would the other nodes accept our own certificate?
    void check_own(X509& own, const char* purpose, TlsSide as) const {
        STACK_OF(X509)* chain = nullptr;
        SSL_CTX_get0_chain_certs(into_.handle_.get(), &chain);
        const VerifyPtr verify(X509_STORE_CTX_new());
        if (!verify || X509_STORE_CTX_init(verify.get(), store(), &own, chain) != 1) {
            throw std::bad_alloc();
        }
        X509_STORE_CTX_set_default(verify.get(), purpose);
        X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(verify.get()),
                               SSL_CTX_get0_param(into_.handle_.get()));
        if (X509_verify_cert(verify.get()) == 1) return;
        const auto failure = refusal_of(verify.get(), setup_, {}, as);
        ERR_clear_error();
        throw wrong("cert", setup_.cert, "which the other nodes would refuse: " + failure.text);
    }

    void remember(std::string_view key, const std::filesystem::path& file, sys_seconds when,
                  std::string remedy) {
        into_.expiries_.push_back(
            {key_name(setup_, key) + " (" + file.string() + ")", when, std::move(remedy)});
    }

    OpenSslContext& into_;
    const TlsSetup& setup_;
};

std::shared_ptr<const TlsContext> OpenSslContext::load(const TlsSetup& setup) {
    const std::shared_ptr<OpenSslContext> context(new OpenSslContext);
    context->setup_ = setup;
    Loading(*context).run();
    return context;
}

std::unique_ptr<TlsSession> OpenSslContext::begin(TlsSide side, int socket,
                                                  const std::string& host) const {
    return std::make_unique<OpenSslSession>(shared_from_this(), side, socket, host);
}

std::vector<std::string> OpenSslContext::expiring(sys_seconds at, seconds ahead) const {
    std::vector<std::string> notes;
    for (const auto& [what, when, remedy] : expiries_) {
        if (when > at + ahead) continue;
        const auto days = floor<std::chrono::days>(when - at).count();
        notes.push_back(what +
                        (when <= at ? " expired on " + day_of(when)
                                    : " expires on " + day_of(when) + ", in " +
                                          (when - at < kDay ? "less than a day"
                                                            : std::to_string(days) +
                                                                  (days == 1 ? " day" : " days"))) +
                        ": " + remedy);
    }
    return notes;
}

// Not the host's name: it cannot have changed.
std::optional<TlsFailure> OpenSslContext::refuses(const TlsSession& of_any) const {
    const auto& session = static_cast<const OpenSslSession&>(of_any);  // there is no other kind
    auto* const peer = SSL_get0_peer_certificate(session.handle_.get());
    const bool is_server = session.side_ == TlsSide::server;
    if (peer == nullptr) {
        if (is_server && setup_.ca.empty()) return std::nullopt;
        return TlsFailure{.fault = TlsFault::no_certificate,
                          .by_peer = false,
                          .text = "it has shown no certificate, and now needs one"};
    }
    const VerifyPtr verify(X509_STORE_CTX_new());
    if (!verify || X509_STORE_CTX_init(verify.get(), SSL_CTX_get_cert_store(handle_.get()), peer,
                                       SSL_get_peer_cert_chain(session.handle_.get())) != 1) {
        throw std::bad_alloc();
    }
    X509_STORE_CTX_set_default(verify.get(), is_server ? "ssl_client" : "ssl_server");
    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(verify.get()),
                           SSL_CTX_get0_param(handle_.get()));
    const bool accepted = X509_verify_cert(verify.get()) == 1;
    ERR_clear_error();
    if (accepted) return std::nullopt;
    return refusal_of(verify.get(), setup_, session.host_,
                      is_server ? TlsSide::client : TlsSide::server);
}

}  // namespace electiond::io
