// A TLS client that sends messages of TLS itself, and no data.
#include "support/tls_flood.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <memory>
#include <stdexcept>

namespace electiond {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
    void operator()(T* pointer) const { kFree(pointer); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;

void need(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("TLS flood: ") + what);
}

}  // namespace

void flood_with_key_updates(int socket, const TestCa::Files& files, std::size_t bytes) {
    const Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
    need(context && SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
             SSL_CTX_use_certificate_chain_file(context.get(), files.cert.c_str()) == 1 &&
             SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1,
         "files");
    const Owned<SSL, SSL_free> handle(SSL_new(context.get()));
    need(handle && SSL_set_fd(handle.get(), socket) == 1 && SSL_connect(handle.get()) == 1,
         "handshake");
    BIO* const kept = BIO_new(BIO_s_mem());  // made first, so that they come without a pause
    need(kept != nullptr, "memory");
    SSL_set0_wbio(handle.get(), kept);
    char* text = nullptr;
    std::size_t size = 0;
    while (size < bytes) {
        need(SSL_key_update(handle.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
                 SSL_do_handshake(handle.get()) == 1,
             "update");
        size = static_cast<std::size_t>(BIO_get_mem_data(kept, &text));
    }
    for (std::size_t sent = 0; sent < size;) {
        const auto count = ::send(socket, text + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += static_cast<std::size_t>(count);
    }
}

}  // namespace electiond
