// The only function that electiond-tls.so exports.
#include <io/tls_engine.h>

extern "C" {
extern const electiond::io::TlsEngine electiond_linked_tls;
[[gnu::visibility("default")]] const electiond::io::TlsEngine* electiond_tls_engine() __asm__(
    ELECTIOND_TLS_ENGINE);
const electiond::io::TlsEngine* electiond_tls_engine() { return &electiond_linked_tls; }
}
