// The only function that electiond-tls.so exports.
#include <io/tls_engine.h>

extern "C" {
extern const electiond::io::TlsEngine electiond_linked_tls;
[[gnu::visibility("default")]] const electiond::io::TlsEngine* ELECTIOND_TLS_ENGINE() {
    return &electiond_linked_tls;
}
}
