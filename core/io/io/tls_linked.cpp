// Our code around OpenSSL as the engine of TLS, for programs that link it.
#include <io/openssl.h>
#include <io/tls_engine.h>

extern "C" {
extern const electiond::io::TlsEngine electiond_linked_tls;
const electiond::io::TlsEngine electiond_linked_tls = {
    .load = electiond::io::OpenSslContext::load,
    .read_certificates = electiond::io::read_with_openssl};
}
