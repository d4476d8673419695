// HTTP and TLS to etcd by libcurl's multi interface.
#include "etcd/http.h"

#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <utility>

#include <electiond/error.h>

namespace electiond::discovery::etcd {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr long kConnectionsMax = 4;  // that are kept open
constexpr milliseconds kLongestWait{1000};

// Reference-counted by libcurl, thread-safe since 7.84, and kept until the process ends.
void init_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw Error("libcurl cannot be used: curl_global_init failed", Error::os);
    });
}

std::set<int> unix_sockets_that_children_inherit() {
    std::set<int> found;
    DIR* const listing = ::opendir("/proc/self/fd");
    if (listing == nullptr) return found;
    while (const auto* entry = ::readdir(listing)) {
        const int number = std::atoi(entry->d_name);
        const int flags = ::fcntl(number, F_GETFD);
        sockaddr_un name{};
        socklen_t size = sizeof name;
        if (entry->d_name[0] == '.' || flags < 0 || (flags & FD_CLOEXEC) != 0 ||
            ::getsockname(number, reinterpret_cast<sockaddr*>(&name), &size) != 0 ||
            name.sun_family != AF_UNIX) {
            continue;
        }
        found.insert(number);
    }
    ::closedir(listing);
    return found;
}

// libcurl wakes curl_multi_poll by a pair of Unix sockets, which lack the flag. No socket of this
// process should be inherited by children, so setting it on one of another thread does no harm.
CURLM* make_multi() {
    const auto before = unix_sockets_that_children_inherit();
    CURLM* const multi = curl_multi_init();
    for (const int each : unix_sockets_that_children_inherit()) {
        if (!before.contains(each)) ::fcntl(each, F_SETFD, FD_CLOEXEC);
    }
    return multi;
}

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// One request: its handle, its header, and the callback for its response. Cannot be moved.
class Transfer {
  public:
    explicit Transfer(std::function<bool(std::string_view)> on_bytes)
        : handle_(curl_easy_init()), on_bytes_(std::move(on_bytes)) {
        if (handle_ == nullptr) throw std::bad_alloc();
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() {
        curl_easy_cleanup(handle_);
        curl_slist_free_all(header_);
    }

    void prepare(const Http::Request& request, const Http::Tls& tls, bool lasting) {
        encrypts_ = request.url.starts_with("https:");
        set(CURLOPT_URL, request.url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeout.count()));
        if (!lasting) set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
        set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
        set(CURLOPT_ERRORBUFFER, &error_[0]);
        // Connections stay open, so a look-up for each costs little; and a cached address would be
        // used for a minute after etcd has moved.
        set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
        // A look-up that hangs must not hold up a stop.
        set(CURLOPT_QUICK_EXIT, 1L);
        prepare_tls(tls);
        for (const auto& line :
             {std::string("Content-Type: application/json"), std::string("Expect:"),
              request.token.empty() ? std::string() : "Authorization: " + request.token}) {
            if (!line.empty()) append(line);
        }
        set(CURLOPT_HTTPHEADER, header_);
        set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
        set(CURLOPT_COPYPOSTFIELDS, request.body.c_str());
        set(CURLOPT_WRITEFUNCTION, &Transfer::write);
        set(CURLOPT_WRITEDATA, this);
    }

    [[nodiscard]] CURL* handle() const { return handle_; }
    void finish(CURLcode code) { code_ = code; }
    [[nodiscard]] bool finished() const { return code_.has_value(); }
    [[nodiscard]] Http::Outcome outcome() const;

  private:
    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(handle_, option, value) != CURLE_OK)
            throw Error("libcurl refuses an option, number " + std::to_string(option), Error::os);
    }
    void append(const std::string& line) {
        auto* const longer = curl_slist_append(header_, line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        header_ = longer;
    }
    // Each connection makes a full handshake with the current files: a resumed session would not
    // notice a revoked certificate. Without ALPN, because etcd offers only h2.
    void prepare_tls(const Http::Tls& tls) {
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_SSL_ENABLE_ALPN, 0L);
        set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
        set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
        if (!tls.ca.empty()) {
            set(CURLOPT_CAINFO, tls.ca.c_str());
            set(CURLOPT_CAPATH, nullptr);
        }
        if (tls.cert.empty()) return;
        set(CURLOPT_SSLCERT, tls.cert.c_str());
        set(CURLOPT_SSLKEY, tls.key.c_str());
    }
    // Called by libcurl, which does not support exceptions.
    static std::size_t write(const char* bytes, std::size_t one, std::size_t size,
                             void* self) noexcept {
        try {
            if (static_cast<Transfer*>(self)->on_bytes_({bytes, one * size})) return one * size;
        } catch (...) {
        }
        return CURL_WRITEFUNC_ERROR;
    }

    CURL* const handle_;
    bool encrypts_ = false;
    std::function<bool(std::string_view)> on_bytes_;
    curl_slist* header_ = nullptr;
    char error_[CURL_ERROR_SIZE] = "";
    std::optional<CURLcode> code_;
};

Http::Fault fault_of(CURLcode code) {
    switch (code) {
        case CURLE_OK:
            return Http::Fault::none;
        case CURLE_COULDNT_RESOLVE_HOST:
            return Http::Fault::unresolved;
        case CURLE_COULDNT_CONNECT:
            return Http::Fault::unreachable;
        case CURLE_OPERATION_TIMEDOUT:
            return Http::Fault::timed_out;
        case CURLE_WRITE_ERROR:
            return Http::Fault::too_long;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
            return Http::Fault::tls;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
            return Http::Fault::cut;
        default:
            return Http::Fault::other;
    }
}

Http::Outcome Transfer::outcome() const {
    Http::Outcome outcome{.fault = fault_of(*code_)};
    long number = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &number);
    outcome.status = static_cast<int>(number);
    if (outcome.fault == Http::Fault::none) return outcome;
    outcome.detail = error_[0] != '\0' ? error_ : curl_easy_strerror(*code_);
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number);
    // libcurl's own texts contain milliseconds: each failure would have a different text.
    if (outcome.fault == Http::Fault::unreachable) {
        outcome.detail = number != 0 ? std::strerror(static_cast<int>(number)) : "cannot connect";
        // It was connected, and reset before libcurl looked.
        if (number == ECONNRESET) outcome.fault = encrypts_ ? Http::Fault::tls : Http::Fault::cut;
    }
    // An alert of TLS 1.3 comes after the handshake.
    if (outcome.fault == Http::Fault::cut && outcome.detail.find("alert") != std::string::npos)
        outcome.fault = Http::Fault::tls;
    return outcome;
}

}  // namespace

class Http::Engine {
  public:
    Engine() {
        init_library();
        multi_ = make_multi();
        if (multi_ == nullptr) throw std::bad_alloc();
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine() {
        close_stream();
        curl_multi_cleanup(multi_);
    }

    Outcome post(const Request& request, const Tls& tls, const std::stop_token& stop) {
        std::string body;
        Transfer transfer([&](std::string_view bytes) {
            if (body.size() + bytes.size() > kBodyMax) return false;
            body += bytes;
            return true;
        });
        transfer.prepare(request, tls, false);
        const Added added(multi_, transfer.handle());
        const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
        const auto deadline = Clock::now() + request.timeout;
        const Current current(one_shot_, transfer);
        for (perform(); !transfer.finished(); perform()) {
            if (stop.stop_requested()) return {.fault = Fault::stopped, .detail = "stopped"};
            const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
            if (left <= milliseconds(0)) {
                transfer.finish(CURLE_OPERATION_TIMEDOUT);
                break;
            }
            check(curl_multi_poll(multi_, nullptr, 0,
                                  static_cast<int>(std::min(left, kLongestWait).count()), nullptr));
        }
        auto outcome = transfer.outcome();
        outcome.body = std::move(body);
        return outcome;
    }

    void open_stream(const Request& request, const Tls& tls,
                     std::function<void(const std::string&)> on_line) {
        close_stream();
        on_line_ = std::move(on_line);
        stream_ = std::make_unique<Transfer>([this](std::string_view bytes) {
            take(bytes);
            return true;
        });
        stream_->prepare(request, tls, true);
        streaming_.emplace(multi_, stream_->handle());
    }

    void close_stream() noexcept {
        streaming_.reset();
        stream_.reset();
        line_.clear();
        overlong_ = false;
    }

    [[nodiscard]] bool streams() const noexcept { return stream_ && !stream_->finished(); }

    void perform() {
        int running = 0;
        check(curl_multi_perform(multi_, &running));
        int left = 0;
        while (const auto* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto code = message->data.result;
            if (one_shot_ != nullptr && message->easy_handle == one_shot_->handle())
                one_shot_->finish(code);
            if (stream_ && message->easy_handle == stream_->handle()) stream_->finish(code);
        }
    }

  private:
    // Keeps an easy handle in the multi handle while this object exists.
    class Added {
      public:
        Added(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) {
            check(curl_multi_add_handle(multi_, easy_));
        }
        Added(const Added&) = delete;
        Added& operator=(const Added&) = delete;
        ~Added() { curl_multi_remove_handle(multi_, easy_); }

      private:
        CURLM* multi_;
        CURL* easy_;
    };

    // While this object exists, perform() reports to `transfer`.
    class Current {
      public:
        Current(Transfer*& place, Transfer& transfer) : place_(place) { place_ = &transfer; }
        Current(const Current&) = delete;
        Current& operator=(const Current&) = delete;
        ~Current() { place_ = nullptr; }

      private:
        Transfer*& place_;
    };

    static void check(CURLMcode code) {
        if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
        if (code != CURLM_OK)
            throw Error(std::string("libcurl fails: ") + curl_multi_strerror(code), Error::os);
    }

    void take(std::string_view bytes) {
        for (const char c : bytes) {
            if (c == '\n') {
                if (overlong_) line_.clear();
                if (overlong_ || !line_.empty()) on_line_(line_);
                line_.clear();
                overlong_ = false;
            } else if (line_.size() < kLineMax) {
                line_ += c;
            } else {
                overlong_ = true;
            }
        }
    }

    CURLM* multi_ = nullptr;
    Transfer* one_shot_ = nullptr;  // of the post() under way
    std::unique_ptr<Transfer> stream_;
    std::optional<Added> streaming_;
    std::function<void(const std::string&)> on_line_;
    std::string line_;  // the beginning of the current line
    bool overlong_ = false;
};

Http::Http(Tls tls) : tls_(std::move(tls)) {}
Http::~Http() = default;

Http::Outcome Http::post(const Request& request, const std::stop_token& stop) {
    if (stop.stop_requested()) return {.fault = Fault::stopped, .detail = "stopped"};
    if (!engine_) engine_ = std::make_unique<Engine>();
    return engine_->post(request, tls_, stop);
}

void Http::open_stream(const Request& request, std::function<void(const std::string&)> on_line) {
    if (!engine_) engine_ = std::make_unique<Engine>();
    engine_->open_stream(request, tls_, std::move(on_line));
}

void Http::close_stream() noexcept {
    if (engine_) engine_->close_stream();
}

bool Http::streams() const noexcept { return engine_ && engine_->streams(); }

void Http::pump() {
    if (engine_) engine_->perform();
}

}  // namespace electiond::discovery::etcd
