// Reads heads from left to right, and stops at the first byte that is wrong; writes heads that the
// readers accept.
#include <io/http1.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include <electiond/error.h>
#include <io/http1_grammar.h>

namespace electiond::io {
namespace {

constexpr std::size_t kFieldsMax = 100;
constexpr int kEmptyLinesMax = 2;
constexpr std::size_t kUsualHead = 256;  // what the writers make room for, and for the body

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return text.substr(0, 0);
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Reads one head. Each reading function returns whether to go on; if not, either the head is
// refused or the bytes have run out.
class HeadReader {
  public:
    HeadReader(std::string_view bytes, const HttpLimits& limits)
        : bytes_(bytes.substr(0, limits.head_bytes)),
          limits_(limits),
          is_cut_(bytes.size() >= limits.head_bytes) {}

    std::variant<HttpIncomplete, HttpRefused, HttpRequestHead> read_request() {
        if (!read_request_line() || !read_fields(true)) return stopped<HttpRequestHead>();
        if (minor_version_ == 1 && (seen_ & kHost) == 0) {
            refuse(400, "HTTP/1.1 requires a Host.");
            return stopped<HttpRequestHead>();
        }
        return HttpRequestHead{
            .head_bytes = at_,
            .method = method_,
            .target = target_,
            .minor_version = minor_version_,
            .fields = std::move(fields_),
            .body_bytes = body_bytes_,
            .keep_alive = wants_keep_alive() && (body_bytes_ || !carries_content(method_)),
            .expects_continue =
                (seen_ & kExpect) != 0 && minor_version_ == 1 && body_bytes_.value_or(0) > 0};
    }

    std::variant<HttpIncomplete, HttpRefused, HttpResponseHead> read_response() {
        for (;;) {
            fields_.clear();
            closes_ = keeps_ = false;
            if (!read_status_line() || !read_fields(false)) return stopped<HttpResponseHead>();
            if (has_no_body(status_)) {
                if (status_ == 204 && body_bytes_.value_or(0) > 0) {
                    refuse(400, "A response without content names the length of one.");
                    return stopped<HttpResponseHead>();
                }
                body_bytes_ = 0;
            }
            if (status_ >= 200) break;
            if (body_bytes_) {
                refuse(400, "An interim response names a length.");
                return stopped<HttpResponseHead>();
            }
        }
        return HttpResponseHead{.head_bytes = at_,
                                .status = status_,
                                .fields = std::move(fields_),
                                .body_bytes = body_bytes_,
                                .keep_alive = wants_keep_alive() && body_bytes_};
    }

  private:
    // Fields that may stand in a head once, as bits of seen_.
    static constexpr unsigned kHost = 1, kContentLength = 2, kExpect = 4, kAuthorization = 8,
                              kOrigin = 16;

    bool refuse(int status, std::string reason) {
        refused_ = HttpRefused{status, std::move(reason)};
        return false;
    }

    template <class Head>
    std::variant<HttpIncomplete, HttpRefused, Head> stopped() {
        if (!refused_ && !is_cut_) return HttpIncomplete{};
        if (!refused_) {
            refuse(431,
                   "The head is longer than " + std::to_string(limits_.head_bytes) + " bytes.");
        }
        return *std::move(refused_);
    }

    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

    bool read_character(char expected, const char* otherwise) {
        if (at_end()) return false;
        if (bytes_[at_] != expected) return refuse(400, otherwise);
        ++at_;
        return true;
    }

    bool read_line_end(const char* otherwise) {
        return read_character('\r', otherwise) && read_character('\n', otherwise);
    }

    // All that is in the set. Stops if the bytes have run out, because more of them could follow.
    bool read_all_of(const Characters& set, std::string_view& text) {
        const auto begin = at_;
        while (!at_end() && set.has(bytes_[at_])) ++at_;
        text = bytes_.substr(begin, at_ - begin);
        return !at_end();
    }

    bool read_digit(int& digit, const char* otherwise) {
        if (at_end()) return false;
        if (!kDigit.has(bytes_[at_])) return refuse(400, otherwise);
        digit = bytes_[at_++] - '0';
        return true;
    }

    bool read_request_line() {
        for (int i = 0; i < kEmptyLinesMax && !at_end() && bytes_[at_] == '\r'; ++i) {
            if (!read_line_end("A line ends in CR without LF.")) return false;
        }
        if (!read_all_of(kToken, method_)) return false;
        if (method_.empty()) return refuse(400, "This is not HTTP.");
        if (!read_character(' ', "The method is malformed.")) return false;
        if (!read_all_of(kTarget, target_)) return false;
        if (target_.empty()) return refuse(400, "No target follows the method and one space.");
        if (!read_character(' ', "The target contains a byte that a URI must not contain.") ||
            !read_version() || !read_line_end("No CR LF follows the version.")) {
            return false;
        }
        if (!is_supported_version()) return false;
        if (!is_target(method_, target_)) return refuse(400, "The target is malformed.");
        return true;
    }

    bool read_status_line() {
        constexpr const char* kMalformed = "The status line is malformed.";
        if (!read_version() || !read_character(' ', kMalformed)) return false;
        if (!is_supported_version()) return false;
        int hundreds = 0, tens = 0, ones = 0;
        if (!read_digit(hundreds, kMalformed) || !read_digit(tens, kMalformed) ||
            !read_digit(ones, kMalformed) || !read_character(' ', kMalformed)) {
            return false;
        }
        status_ = hundreds * 100 + tens * 10 + ones;
        if (hundreds < 1 || hundreds > 5) return refuse(400, "No status has this number.");
        if (status_ == 101)
            return refuse(400, "The server changes the protocol without a request for it.");
        std::string_view phrase;
        return read_all_of(kFieldValue, phrase) && read_line_end(kMalformed);
    }

    bool read_version() {
        constexpr const char* kMalformed = "The version is malformed.";
        for (const char expected : std::string_view("HTTP/")) {
            if (!read_character(expected, kMalformed)) return false;
        }
        return read_digit(major_version_, kMalformed) && read_character('.', kMalformed) &&
               read_digit(minor_version_, kMalformed);
    }

    bool is_supported_version() {
        if (major_version_ == 1 && minor_version_ <= 1) return true;
        return refuse(505, "Only HTTP/1.0 and HTTP/1.1 are supported.");
    }

    // Up to and with the empty line.
    bool read_fields(bool of_request) {
        while (!at_end() && bytes_[at_] != '\r') {
            if (fields_.size() == kFieldsMax) {
                return refuse(431,
                              "The head has more than " + std::to_string(kFieldsMax) + " fields.");
            }
            HttpField field;
            if (!read_field(field) || !check_framing(field) ||
                (of_request && !check_request_field(field))) {
                return false;
            }
            if (fields_.empty()) fields_.reserve(16);
            fields_.push_back(field);
        }
        return read_line_end("A line ends in CR without LF.");
    }

    bool read_field(HttpField& field) {
        if (!read_all_of(kToken, field.name)) return false;
        const char next = bytes_[at_];
        if (field.name.empty() && (next == ' ' || next == '\t')) {
            return refuse(400, "A line of the head begins with white space.");
        }
        if (field.name.empty() || next != ':') {
            return refuse(400, "The name of a field is malformed, or no colon follows it at once.");
        }
        ++at_;
        if (!read_all_of(kFieldValue, field.value)) return false;
        field.value = trim(field.value);
        return read_line_end("A field holds a control character, or does not end in CR LF.");
    }

    bool is_first(unsigned bit, const char* otherwise) {
        if ((seen_ & bit) != 0) return refuse(400, otherwise);
        seen_ |= bit;
        return true;
    }

    // The fields that decide where the message ends and whether another follows.
    bool check_framing(const HttpField& field) {
        if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
            return refuse(411, "Transfer-Encoding is not supported, send a Content-Length.");
        }
        if (equal_ignoring_case(field.name, "Content-Length")) {
            return is_first(kContentLength, "Content-Length is given twice.") &&
                   check_length(field.value);
        }
        if (equal_ignoring_case(field.name, "Connection")) note_connection(field.value);
        return true;
    }

    bool check_length(std::string_view digits) {
        if (digits.empty() || !kDigit.has_all(digits)) {
            return refuse(400, "Content-Length is not one number.");
        }
        std::size_t number = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error != std::errc{} || number > limits_.body_bytes) {
            return refuse(
                413, "The body is longer than " + std::to_string(limits_.body_bytes) + " bytes.");
        }
        body_bytes_ = number;
        return true;
    }

    void note_connection(std::string_view list) {
        while (!list.empty()) {
            const auto end = std::min(list.find(','), list.size());
            const auto option = trim(list.substr(0, end));
            // A value that is no list is not understood, so nothing is read after this message.
            closes_ |= equal_ignoring_case(option, "close") || !kToken.has_all(option);
            keeps_ |= equal_ignoring_case(option, "keep-alive");
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    }

    [[nodiscard]] bool wants_keep_alive() const {
        return !closes_ && (minor_version_ == 1 || keeps_);
    }

    bool check_request_field(const HttpField& field) {
        if (equal_ignoring_case(field.name, "Host")) {
            if (!is_first(kHost, "Host is given twice.")) return false;
            // Empty if the URI has no authority (RFC 9110 7.2).
            if (!field.value.empty() && !is_authority(field.value)) {
                return refuse(400, "Host is malformed.");
            }
        } else if (equal_ignoring_case(field.name, "Expect")) {
            if (!is_first(kExpect, "Expect is given twice.")) return false;
            // HTTP/1.0 has no expectations; they are ignored there (RFC 9110 10.1.1).
            if (minor_version_ == 1 && !equal_ignoring_case(field.value, "100-continue")) {
                return refuse(417, "The only expectation that is supported is 100-continue.");
            }
        } else if (equal_ignoring_case(field.name, "Authorization")) {
            return is_first(kAuthorization, "Authorization is given twice.");
        } else if (equal_ignoring_case(field.name, "Origin")) {
            return is_first(kOrigin, "Origin is given twice.");
        }
        return true;
    }

    std::string_view bytes_;
    const HttpLimits& limits_;
    bool is_cut_;  // as much as the limit allows is here already
    std::size_t at_ = 0;
    std::optional<HttpRefused> refused_;

    std::string_view method_, target_;
    int major_version_ = 0, minor_version_ = 0, status_ = 0;
    std::vector<HttpField> fields_;
    unsigned seen_ = 0;
    std::optional<std::size_t> body_bytes_;
    bool closes_ = false, keeps_ = false;
};

void append_field(std::string& head, std::string_view name, std::string_view value) {
    ENSURE(is_token(name) && kFieldValue.has_all(value));
    head.append(name).append(": ").append(value).append("\r\n");
}

void append_more(std::string& head, std::span<const HttpField> more, std::string_view own) {
    for (const auto& field : more) {
        ENSURE(!equal_ignoring_case(field.name, own) &&
               !equal_ignoring_case(field.name, "Content-Length") &&
               !equal_ignoring_case(field.name, "Transfer-Encoding"));
        append_field(head, field.name, field.value);
    }
    head.append("\r\n");
}

}  // namespace

std::optional<std::string_view> find_field(std::span<const HttpField> fields,
                                           std::string_view name) {
    const auto found = std::ranges::find_if(
        fields, [name](const auto& field) { return equal_ignoring_case(field.name, name); });
    if (found == fields.end()) return std::nullopt;
    return found->value;
}

std::variant<HttpIncomplete, HttpRefused, HttpRequestHead> read_request_head(
    std::string_view bytes, const HttpLimits& limits) {
    return HeadReader(bytes, limits).read_request();
}

std::variant<HttpIncomplete, HttpRefused, HttpResponseHead> read_response_head(
    std::string_view bytes, const HttpLimits& limits) {
    return HeadReader(bytes, limits).read_response();
}

std::string_view reason_phrase(int status) {
    static constexpr std::pair<int, std::string_view> kPhrases[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    const auto* found =
        std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
    return found == std::end(kPhrases) ? std::string_view{} : found->second;
}

std::string write_response_head(int status, std::string_view content_type,
                                std::optional<std::size_t> body_bytes, bool keep_alive,
                                std::span<const HttpField> more) {
    ENSURE(status >= 200 && status <= 599);
    ENSURE(body_bytes || !keep_alive);
    std::string head;
    head.reserve(kUsualHead + body_bytes.value_or(0));
    head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    head.append(reason_phrase(status)).append("\r\n");
    if (!has_no_body(status)) {
        if (!content_type.empty()) append_field(head, "Content-Type", content_type);
        if (body_bytes) append_field(head, "Content-Length", std::to_string(*body_bytes));
    }
    append_field(head, "Connection", keep_alive ? "keep-alive" : "close");
    append_more(head, more, "Connection");
    return head;
}

std::string write_request_head(std::string_view method, std::string_view target,
                               std::string_view host, std::string_view content_type,
                               std::size_t body_bytes, std::span<const HttpField> more) {
    ENSURE(is_token(method) && target.starts_with('/') && kTarget.has_all(target));
    std::string head;
    head.reserve(kUsualHead + body_bytes);
    head.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
    const auto zone = host.starts_with('[') ? host.find('%') : std::string_view::npos;
    const auto end = std::min(host.find(']'), host.size());
    if (zone < end) {
        append_field(head, "Host", std::string(host.substr(0, zone)).append(host.substr(end)));
    } else {
        append_field(head, "Host", host);
    }
    if (!content_type.empty()) append_field(head, "Content-Type", content_type);
    if (body_bytes > 0 || carries_content(method)) {
        append_field(head, "Content-Length", std::to_string(body_bytes));
    }
    append_more(head, more, "Host");
    return head;
}

}  // namespace electiond::io
