// Sends the requests of the plugin to etcd: endpoints, authentication, messages for failures.
#include "etcd/gateway.h"

#include <io/tls.h>

#include <algorithm>
#include <utility>

#include <electiond/wording.h>

#include "etcd/password.h"

namespace electiond::discovery::etcd {
namespace {

using Clock = std::chrono::steady_clock;

// Codes of gRPC.
constexpr int kCanceled = 1, kUnknown = 2, kDeadline = 4, kNotFound = 5, kDenied = 7,
              kExhausted = 8, kInternal = 13, kUnavailable = 14, kUnauthenticated = 16;

constexpr char kRange[] = "/v3/kv/range", kPut[] = "/v3/kv/put", kTxn[] = "/v3/kv/txn",
               kGrant[] = "/v3/lease/grant", kKeepAlive[] = "/v3/lease/keepalive",
               kRevoke[] = "/v3/lease/revoke", kWatch[] = "/v3/watch",
               kAuthenticate[] = "/v3/auth/authenticate";

constexpr std::chrono::seconds kCredentialsAgain{5};

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

// This member of etcd cannot answer now; another one may.
bool is_of_the_endpoint(const Refusal& refusal) {
    switch (refusal.code) {
        case kCanceled:
        case kUnknown:
        case kDeadline:
        case kInternal:
        case kUnavailable:
            return true;
        default:
            return false;
    }
}

// A token is missing or no longer valid, for example after a restart of etcd or a change of users.
bool wants_token(const Refusal& refusal) {
    return refusal.code == kUnauthenticated || contains(refusal.message, "user name is empty") ||
           contains(refusal.message, "revision of auth store is old");
}

// The other side answered a TLS handshake with other bytes, or ended the connection in it.
// libcurl's text depends on how far the handshake came before the connection ended: of several, it
// keeps the first, which may be about the address of a socket that is connected no more.
bool breaks_off(const std::string& detail) {
    for (const auto* const text : {"wrong version number", "SSL_ERROR_SYSCALL", "unexpected eof",
                                   "reset by peer", "Broken pipe", "is not connected"}) {
        if (contains(detail, text)) return true;
    }
    return false;
}

std::string in_words(std::chrono::milliseconds time) {
    return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                    : std::to_string(time.count()) + " ms";
}

}  // namespace

Gateway::Gateway(const Settings& settings)
    : settings_(settings),
      http_({.ca = settings.ca, .cert = settings.cert, .key = settings.key}),
      failures_(settings.endpoints.size()) {}

// ---- the calls ----------------------------------------------------------------------------------

template <class Read>
auto Gateway::read(const Read& read, const std::string& body) {
    try {
        return read(body);
    } catch (const std::exception& error) {
        const auto fault = "sent an answer that is not etcd's (" + on_one_line(error.what()) + ")";
        const auto sentence = current() + " " + fault + "; correct " + settings_.name("endpoints");
        go_on_to_the_next("it " + fault);
        throw Error(sentence, Error::data);
    }
}

void Gateway::go_on_to_the_next(std::string failure) {
    failures_[current_] = std::move(failure);
    http_.close_stream();
    current_ = (current_ + 1) % settings_.endpoints.size();
}

Range Gateway::range(const Call& call, const std::string& key, const std::string& end,
                     std::size_t limit) {
    return read(read_range, ask(call, kRange, range_request(key, end, limit)));
}

std::optional<KeyValue> Gateway::create(const Call& call, const std::string& key,
                                        const std::string& value) {
    return read(read_created, ask(call, kTxn, create_request(key, value)));
}

std::int64_t Gateway::put(const Call& call, const std::string& key, const std::string& value,
                          const std::string& lease) {
    return read(read_revision, ask(call, kPut, put_request(key, value, lease)));
}

Lease Gateway::grant(const Call& call, std::chrono::seconds ttl) {
    return read(read_grant, ask(call, kGrant, grant_request(ttl)));
}

std::optional<std::chrono::seconds> Gateway::keep_alive(const Call& call,
                                                        const std::string& lease) {
    try {
        return read(read_keep_alive, ask(call, kKeepAlive, lease_request(lease)));
    } catch (const NoSuchLease&) {  // of a proxy: a member of etcd grants 0 s instead
        return std::nullopt;
    }
}

void Gateway::revoke(const Call& call, const std::string& lease) {
    (void)ask(call, kRevoke, lease_request(lease));
}

void Gateway::watch(const std::string& key, const std::string& end, std::int64_t revision,
                    std::function<void(const std::string&)> on_line) {
    http_.open_stream({.url = current() + kWatch,
                       .body = watch_request(key, end, revision),
                       .token = token_,
                       .timeout = settings_.timeout},
                      std::move(on_line));
}

// ---- endpoints ----------------------------------------------------------------------------------

std::string Gateway::ask(const Call& call, const std::string& path, const std::string& body) {
    for (std::size_t tried = 0; tried < settings_.endpoints.size(); ++tried) {
        if (call.left().count() <= 0) break;
        auto answer = ask_current(call, path, body);
        if (answer.kind == Answer::Kind::endpoint_failed) {
            go_on_to_the_next(std::move(answer.failure));
            continue;
        }
        failures_[current_].clear();
        if (answer.kind == Answer::Kind::refused) refuse(answer.refusal, path);
        return std::move(answer.body);
    }
    throw Error(no_endpoint(), Error::unavailable);
}

Gateway::Answer Gateway::ask_current(const Call& call, const std::string& path,
                                     const std::string& body) {
    const bool has_user = !settings_.user.empty();
    if (has_user && token_.empty() && !without_token_) {
        auto failed = authenticate(call);
        if (failed.kind != Answer::Kind::good) return failed;
    }
    auto answer = post(call, path, body, token_);
    if (!has_user || answer.kind != Answer::Kind::refused || !wants_token(answer.refusal))
        return answer;
    token_.clear();
    without_token_ = false;
    auto failed = authenticate(call);
    if (failed.kind != Answer::Kind::good) return failed;
    return post(call, path, body, token_);
}

Gateway::Answer Gateway::post(const Call& call, const std::string& path, const std::string& body,
                              const std::string& token) {
    const auto timeout = std::min(settings_.timeout, call.left());
    if (timeout.count() <= 0)
        return {.kind = Answer::Kind::endpoint_failed, .failure = "no time was left to ask it"};
    const auto outcome = http_.post(
        {.url = current() + path, .body = body, .token = token, .timeout = timeout}, call.stop());
    if (outcome.fault == Http::Fault::stopped)
        throw Error("stopped before etcd answered", Error::unavailable);
    // A token contains a raft index, and etcd answers only after it has reached that index: it
    // never does if its data was lost or restored from a backup. So the next request authenticates
    // again.
    if (outcome.fault == Http::Fault::timed_out) token_.clear();
    return judged(outcome, path);
}

Gateway::Answer Gateway::judged(const Http::Outcome& outcome, const std::string& path) const {
    const auto failed = [](std::string why) {
        return Answer{.kind = Answer::Kind::endpoint_failed, .failure = std::move(why)};
    };
    if (outcome.fault != Http::Fault::none) return failed(failure_of(outcome));
    // A stream reports its errors with status 200.
    const bool may_refuse = outcome.status != 200 || outcome.body.starts_with("{\"error\"");
    if (auto refusal = may_refuse ? read_refusal(outcome.body) : std::nullopt) {
        refusal->message = on_one_line(refusal->message.substr(0, 300));
        if (is_of_the_endpoint(*refusal)) return failed("it answers \"" + refusal->message + '"');
        return {.kind = Answer::Kind::refused, .refusal = *refusal};
    }
    if (outcome.status == 200) return {.body = outcome.body};
    if (outcome.status == 404) {
        return failed("it does not know " + path +
                      ": etcd 3.4 or later is needed, with its JSON gateway (enable-grpc-gateway)");
    }
    // A server other than etcd may repeat the request, which contains the password.
    const auto shown = path == kAuthenticate
                           ? std::string()
                           : ", " + in_quotes(outcome.body.substr(0, outcome.body.find('\n')));
    return failed("it answers with status " + std::to_string(outcome.status) + shown +
                  (current().starts_with("http:") ? "; if it needs TLS, write https://" : ""));
}

std::string Gateway::failure_of(const Http::Outcome& outcome) const {
    const auto detail = on_one_line(outcome.detail);
    switch (outcome.fault) {
        case Http::Fault::unresolved:
            return "its name cannot be resolved";
        case Http::Fault::timed_out:
            return "no answer within " + in_words(settings_.timeout);
        case Http::Fault::cut:
            return cut_failure();
        case Http::Fault::too_long:
            return "its answer is longer than 4 MiB; remove what does not belong below the prefix";
        case Http::Fault::tls:
            return tls_failure(detail);
        default:
            return detail;
    }
}

// The message of TlsContext if a file of this node is the fault: key, file and remedy.
std::optional<std::string> Gateway::fault_of_files() const {
    try {
        (void)io::TlsContext::load({.cert = settings_.cert,
                                    .key = settings_.key,
                                    .ca = settings_.ca,
                                    .tls12 = true,
                                    .section = settings_.section});
        return std::nullopt;
    } catch (const Error& error) {
        return error.what();
    }
}

std::string Gateway::to_one_that_is_signed() const {
    return "; set " + settings_.name("cert") + " and " + settings_.name("key") +
           " to one that its authority has signed";
}

// With TLS 1.3 a server checks this node's certificate after the handshake has ended here. If its
// alert arrives after its reset of the connection, the reason is lost.
std::string Gateway::cut_failure() const {
    const std::string cut = "it closed the connection without an answer";
    if (current().starts_with("http:")) return cut + "; if it needs TLS, write https://";
    if (const auto fault = fault_of_files()) return *fault;
    return cut + ", perhaps because it refuses this node's certificate" + to_one_that_is_signed();
}

std::string Gateway::tls_failure(const std::string& detail) const {
    if (const auto fault = fault_of_files()) return *fault;
    if (breaks_off(detail))
        return "it breaks off the TLS handshake; if it does not use TLS, write http://";
    if (contains(detail, "alert")) {
        return "it refuses this node's certificate (" + detail + ")" + to_one_that_is_signed();
    }
    if (contains(detail, "subject name")) {
        return "its certificate is for another host (" + detail +
               "); write a name of the certificate into endpoints, or issue one with this name";
    }
    if (contains(detail, "certificate")) {
        return "its certificate is not accepted (" + detail + "); set " + settings_.name("ca") +
               " to the authority that has signed it, or renew it there";
    }
    return "TLS fails: " + detail;
}

// In the order of the configuration, so that the same failure has the same text.
std::string Gateway::no_endpoint() const {
    std::string list;
    for (std::size_t i = 0; i < failures_.size(); ++i) {
        if (failures_[i].empty()) continue;
        list += (list.empty() ? "" : "; ") + settings_.endpoints[i] + ": " + failures_[i];
    }
    return "no endpoint of etcd answers (" + list + "); start etcd, or correct " +
           settings_.name("endpoints");
}

// ---- authentication------------------------------------------------------------------------------

// The file is read each time, so that a new password needs no restart.
Gateway::Answer Gateway::authenticate(const Call& call) {
    if (Clock::now() < credentials_again_) throw Error(credentials_fault_);
    const auto fail = [&](const std::string& fault) {
        credentials_fault_ = fault;
        credentials_again_ = Clock::now() + kCredentialsAgain;
        throw Error(fault);
    };
    std::string password;
    try {
        password = read_password(settings_.password_file);
    } catch (const Error& error) {
        throw Error(settings_.name("password_file") + " " + error.what());
    }
    auto answer = post(call, kAuthenticate, authenticate_request(settings_.user, password), {});
    if (answer.kind == Answer::Kind::endpoint_failed) return answer;
    if (answer.kind == Answer::Kind::good) {
        token_ = read(read_token, answer.body);
        return answer;
    }
    if (contains(answer.refusal.message, "authentication is not enabled")) {
        without_token_ = true;
        return {};
    }
    if (contains(answer.refusal.message, "authentication failed")) {
        fail("etcd refuses the user " + in_quotes(settings_.user) + " with the password in " +
             settings_.password_file.string() + "; correct " + settings_.name("user") +
             " or that file, or create the user (etcdctl user add)");
    }
    return answer;
}

void Gateway::refuse(const Refusal& refusal, const std::string& path) const {
    const auto& said = refusal.message;
    if (refusal.code == kNotFound && contains(said, "lease not found"))
        throw NoSuchLease("the lease of this node's entry does not exist in etcd any more",
                          Error::unavailable);
    if (refusal.code == kExhausted && contains(said, "space")) {
        throw Error("etcd has no space left (" + said +
                        "); remove keys, compact and defragment it, then run etcdctl alarm disarm",
                    Error::unavailable);
    }
    if (refusal.code == kDenied) {
        throw Error("etcd denies permission to " +
                    (settings_.user.empty() ? std::string("this node")
                                            : "the user " + in_quotes(settings_.user)) +
                    " (" + said +
                    "); grant it with etcdctl role grant-permission ROLE --prefix=true "
                    "readwrite " +
                    settings_.prefix + "/");
    }
    if (wants_token(refusal) && settings_.user.empty()) {
        throw Error("etcd requires a user and a password (" + said + "); set " +
                    settings_.name("user") + " and " + settings_.name("password_file"));
    }
    throw Error("etcd at " + current() + " refuses " + path + ": " + said +
                    "; look for the reason in its log",
                Error::unavailable);
}

}  // namespace electiond::discovery::etcd
