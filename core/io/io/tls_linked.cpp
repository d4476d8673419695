// The engine of TLS over OpenSSL, for whoever links it.
#include <io/openssl.h>
#include <io/tls_engine.h>

extern "C" {
extern const electiond::io::TlsEngine electiond_linked_tls;
const electiond::io::TlsEngine electiond_linked_tls = {
    .load = electiond::io::OpenSslContext::load,
    .read_certificates = electiond::io::read_with_openssl};
}
