// TLS on one connected socket.
#include <io/openssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace electiond::io {
namespace {

// Within one call OpenSSL reads on until it has what was asked for. A peer that sends messages of
// TLS without end (updates of keys, or a handshake in records of one byte, 0.2 us each) would block
// the loop. So a call reads no more than this from the socket …
constexpr std::size_t kShare = std::size_t{16} * 1024;
constexpr std::size_t kShareOfHandshake = std::size_t{4} * 1024;  // strangers may begin many
// … and a peer that sends so much without data is hostile: a record has 16 KiB, an update 27 bytes.
constexpr std::size_t kFruitlessMax = std::size_t{64} * 1024;

bool again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

// OpenSSL's own BIO for sockets writes without MSG_NOSIGNAL: a connection that the other side has
// reset would end the process by SIGPIPE.
class OpenSslSession::Socket {
  public:
    static BIO* of(OpenSslSession& session) {
        auto* const bio = BIO_new(method());
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &session);
        BIO_set_init(bio, 1);
        return bio;
    }

  private:
    static OpenSslSession& session_of(BIO* bio) {
        return *static_cast<OpenSslSession*>(BIO_get_data(bio));
    }

    static int write(BIO* bio, const char* bytes, int size) {
        BIO_clear_retry_flags(bio);
        const auto count =
            ::send(session_of(bio).socket_, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (count < 0 && again()) BIO_set_retry_write(bio);
        return static_cast<int>(count);
    }

    static int read(BIO* bio, char* into, int size) {
        auto& session = session_of(bio);
        BIO_clear_retry_flags(bio);
        if (session.share_ == 0) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const auto most = std::min(session.share_, static_cast<std::size_t>(size));
        const auto count = ::recv(session.socket_, into, most, 0);
        if (count < 0 && again()) BIO_set_retry_read(bio);
        if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        if (count > 0) {
            const auto taken = static_cast<std::size_t>(count);
            session.share_ -= taken;
            session.fruitless_ += taken;
        }
        return static_cast<int>(count);
    }

    static long control(BIO* bio, int what, long, void*) {
        if (what == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        return what == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static const BIO_METHOD* method() {
        static BIO_METHOD* const method = [] {
            auto* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
            if (made == nullptr) throw std::bad_alloc();
            BIO_meth_set_write(made, write);
            BIO_meth_set_read(made, read);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return method;
    }
};

OpenSslSession::OpenSslSession(std::shared_ptr<const OpenSslContext> context, TlsSide side,
                               int socket, const std::string& host)
    : context_(std::move(context)),
      side_(side),
      host_(host),
      socket_(socket),
      handle_(SSL_new(context_->handle_.get())) {
    if (handle_ == nullptr) throw std::bad_alloc();
    auto* const bio = Socket::of(*this);
    SSL_set_bio(handle_.get(), bio, bio);  // owns it
    SSL_set_ex_data(handle_.get(), 0, this);
    int asks = SSL_VERIFY_PEER;
    if (side == TlsSide::server) {
        asks = context_->setup_.ca.empty() ? SSL_VERIFY_NONE
                                           : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        SSL_set_accept_state(handle_.get());
    } else {
        SSL_set_connect_state(handle_.get());
    }
    SSL_set_verify(handle_.get(), asks, judge);
    if (host_.empty()) return;
    auto* const param = SSL_get0_param(handle_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host_.c_str()) != 1) {
        SSL_set_hostflags(handle_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (SSL_set1_host(handle_.get(), host_.c_str()) != 1) {  // else any name would be accepted
            throw std::bad_alloc();
        }
        SSL_ctrl(handle_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host_.c_str()));  // it is copied
    }
    ERR_clear_error();
}

const std::vector<std::string>& OpenSslSession::own_names() const {
    static const std::vector<std::string> none;
    return context_->own() ? context_->own()->names : none;
}

// Called by OpenSSL for each certificate of the chain, and for each fault in it.
int OpenSslSession::judge(int accepted, X509_STORE_CTX* verified) {
    if (accepted == 1) return 1;
    const auto* const handle = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verified, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& session = *static_cast<OpenSslSession*>(SSL_get_ex_data(handle, 0));
    session.judged_ = true;
    session.failure_ =
        refusal_of(verified, session.context_->setup_, session.host_,
                   session.side_ == TlsSide::server ? TlsSide::client : TlsSide::server);
    // OpenSSL sends the same alert for a wrong name as for a certificate that is not yet valid. For
    // this code it sends "certificate unknown", so failure_of_alert() can distinguish the two.
    if (session.failure_.fault == TlsFault::wrong_name) {
        X509_STORE_CTX_set_error(verified, X509_V_ERR_SUBJECT_ISSUER_MISMATCH);
    }
    return 0;
}

TlsSession::Step OpenSslSession::handshake() {
    ERR_clear_error();
    share_ = kShareOfHandshake;
    const auto step = step_after(SSL_do_handshake(handle_.get()));
    if (step == Step::ended) {
        failure_ = {
            .fault = TlsFault::closed,
            .by_peer = false,
            .text = "it closed the connection during the TLS handshake; does it speak TLS?"};
        return Step::failed;
    }
    if (step != Step::done) return step;
    secured_ = true;
    fruitless_ = 0;
    if (const auto* const peer = SSL_get0_peer_certificate(handle_.get())) {
        names_ = certificate_of(*peer).names;
    }
    return step;
}

TlsSession::Moved OpenSslSession::read(std::span<char> into) {
    ERR_clear_error();
    share_ = kShare;
    std::size_t bytes = 0;
    const int result = SSL_read_ex(handle_.get(), into.data(), into.size(), &bytes);
    const auto step = step_after(result);
    if (step == Step::done) fruitless_ = 0;
    const bool waits = step == Step::wants_turn || step == Step::wants_read;
    if (!waits || fruitless_ <= kFruitlessMax) return {.step = step, .bytes = bytes};
    failure_ = {.fault = TlsFault::other,
                .by_peer = false,
                .text = "it sends TLS messages endlessly, but no data"};
    return {.step = Step::failed, .bytes = 0};
}

TlsSession::Moved OpenSslSession::write(std::string_view bytes) {
    ERR_clear_error();
    share_ = kShare;
    std::size_t sent = 0;
    const int result = SSL_write_ex(handle_.get(), bytes.data(), bytes.size(), &sent);
    return {.step = step_after(result), .bytes = sent};
}

bool OpenSslSession::has_pending() const { return SSL_has_pending(handle_.get()) == 1; }

void OpenSslSession::close_notify() {
    ERR_clear_error();
    (void)SSL_shutdown(handle_.get());
    ERR_clear_error();
}

std::string OpenSslSession::version() const { return SSL_get_version(handle_.get()); }

// After `failed` OpenSSL must not be called again for this connection, nor close_notify().
TlsSession::Step OpenSslSession::step_after(int result) {
    if (result > 0) return Step::done;
    switch (SSL_get_error(handle_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return share_ == 0 ? Step::wants_turn : Step::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::wants_write;
        case SSL_ERROR_ZERO_RETURN:
            return Step::ended;
        case SSL_ERROR_SYSCALL:  // the connection is gone
            return Step::ended;
        default:
            break;
    }
    if (!judged_) failure_ = failure_after(ERR_peek_error());
    ERR_clear_error();
    return Step::failed;
}

TlsFailure OpenSslSession::failure_after(unsigned long error) const {
    const int reason = ERR_GET_REASON(error);
    // Alerts of the other side have a reason of their number plus this.
    if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
        return failure_of_alert(reason - SSL_AD_REASON_OFFSET, context_->setup_);
    }
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return {.fault = TlsFault::no_certificate,
                .by_peer = false,
                .text = "it shows no certificate: give it one of the authorities in " +
                        key_name(context_->setup_, "ca")};
    }
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return failure_as(TlsFault::closed);
    // A server may have answered before Stream looked at the first byte.
    const bool no_tls = reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST;
    if (no_tls && !secured_ && side_ == TlsSide::client) return failure_as(TlsFault::plain_text);
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
        return {.fault = TlsFault::other,
                .by_peer = false,
                .text = std::string("it does not speak TLS ") +
                        (context_->setup_.tls12 ? "1.2 or later" : "1.3") + ": update it"};
    }
    const char* const words = ERR_reason_error_string(error);
    return {.fault = TlsFault::other,
            .by_peer = false,
            .text = std::string("TLS failed: ") + (words != nullptr ? words : "unknown error")};
}

TlsFailure OpenSslSession::failure_as(TlsFault fault) const {
    const auto is = [fault](std::string text) {
        return TlsFailure{.fault = fault, .by_peer = false, .text = std::move(text)};
    };
    switch (fault) {
        case TlsFault::plain_text:
            return is(
                "it speaks plain text, and TLS is needed here: let both sides use TLS, or "
                "neither");
        case TlsFault::timed_out:
            return is("it did not end the TLS handshake in time; does it speak TLS?");
        default:
            return is("it closed the connection during the TLS handshake; does it speak TLS?");
    }
}

}  // namespace electiond::io
