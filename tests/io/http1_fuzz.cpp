// What must hold for any bytes that the HTTP/1 reader gets: a libFuzzer target, and a test that
// reads mutations of the samples, the same at each run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <io/http1.h>

#include "http1_corpus.h"

namespace electiond::io {
namespace {

// What a reader returned, as text: bytes are the same if and only if the texts are.
struct Outcome {
    enum { incomplete, refused, accepted } kind = incomplete;
    std::size_t head_bytes = 0;
    std::string meaning{};    // status and reason, or all that was read but head_bytes
    std::string rewriting{};  // of what was accepted: the same head in other bytes
    bool has_valid_views = true;
};

std::string number(std::optional<std::size_t> value) {
    return value ? std::to_string(*value) : "none";
}

template <class Head>
void add_fields(Outcome& outcome, std::string_view bytes, const Head& head) {
    for (const auto& [name, value] : head.fields) {
        outcome.meaning.append(name).append(1, '\0').append(value).append(1, '\0');
        outcome.rewriting.append(name).append(":").append(value).append("\r\n");
        const auto is_within = [bytes](std::string_view view) {
            return view.data() >= bytes.data() &&
                   view.data() + view.size() <= bytes.data() + bytes.size();
        };
        const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
        outcome.has_valid_views =
            outcome.has_valid_views && is_within(name) && is_within(value) && !name.empty() &&
            (value.empty() || (!is_blank(value.front()) && !is_blank(value.back())));
    }
    outcome.meaning += number(head.body_bytes) + (head.keep_alive ? " kept" : " closed");
    outcome.rewriting += "\r\n";
    outcome.head_bytes = head.head_bytes;
    outcome.kind = Outcome::accepted;
}

Outcome read(bool request, std::string_view bytes, const HttpLimits& limits) {
    Outcome outcome;
    const auto note_refusal = [&outcome](const auto& result) {
        if (const auto* refusal = std::get_if<HttpRefused>(&result)) {
            outcome.kind = Outcome::refused;
            outcome.meaning = std::to_string(refusal->status) + refusal->reason;
        }
    };
    if (request) {
        const auto result = read_request_head(bytes, limits);
        note_refusal(result);
        if (const auto* head = std::get_if<HttpRequestHead>(&result)) {
            const auto version = std::to_string(head->minor_version);
            const auto line = std::string(head->method) + " " + std::string(head->target);
            outcome.meaning = line + version + (head->expects_continue ? " expects " : " ");
            outcome.rewriting = line + " HTTP/1." + version + "\r\n";
            add_fields(outcome, bytes, *head);
        }
    } else {
        const auto result = read_response_head(bytes, limits);
        note_refusal(result);
        if (const auto* head = std::get_if<HttpResponseHead>(&result)) {
            outcome.meaning = std::to_string(head->status) + " ";
            outcome.rewriting = "HTTP/1." + std::string(head->keep_alive ? "1 " : "0 ") +
                                std::to_string(head->status) + " \r\n";
            add_fields(outcome, bytes, *head);
        }
    }
    return outcome;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

// What no accepted head may hold, looked for without what the reader is made of.
std::string fault_in_accepted(bool request, std::string_view head) {
    std::string lower(head);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (std::size_t i = 0; i < head.size(); ++i) {
        const bool follows_cr = i > 0 && head[i - 1] == '\r';
        if (follows_cr != (head[i] == '\n')) return "a bare CR or LF";
        const auto code = static_cast<unsigned char>(head[i]);
        if ((code < ' ' && code != '\r' && code != '\n' && code != '\t') || code == 0x7f) {
            return "a control character";
        }
    }
    if (!head.ends_with("\r\n\r\n")) return "no end";
    if (count(lower, "\r\n ") + count(lower, "\r\n\t") > 0) return "a folded line";
    if (count(lower, "\r\ntransfer-encoding:") > 0) return "a transfer coding";
    if (count(lower, "\r\ncontent-length:") > 1) return "two lengths";
    if (!request) return {};
    const auto hosts = count(lower, "\r\nhost:");
    if (hosts > 1) return "two hosts";
    auto begin = lower.find_first_not_of("\r\n");
    auto end = lower.find("\r\n", begin);
    if (hosts == 0 && !lower.substr(begin, end - begin).ends_with(" http/1.0")) return "no host";
    for (;;) {
        begin = end + 2;
        end = lower.find("\r\n", begin);
        if (end == begin) break;
        const auto name = lower.substr(begin, std::min(lower.find(':', begin), end) - begin);
        if (name.empty() || name.size() == end - begin) return "a field without name or colon";
        if (name.find_first_of(" \t\"(),/;<=>?@[]{}\\") != std::string::npos) return "a name";
    }
    return {};
}

// What is wrong with how `bytes` are read; empty if nothing is.
std::string fault(bool request, std::string_view bytes, const HttpLimits& limits) {
    const auto whole = read(request, bytes, limits);
    if (whole.kind == Outcome::incomplete && bytes.size() >= limits.head_bytes) {
        return "the limit is reached and more is wanted";
    }
    if (whole.kind == Outcome::accepted) {
        if (whole.head_bytes > std::min(bytes.size(), limits.head_bytes)) return "too long";
        if (!whole.has_valid_views) return "a view or its blanks";
        auto wrong = fault_in_accepted(request, bytes.substr(0, whole.head_bytes));
        if (!wrong.empty()) return wrong;
        const auto again = read(request, whole.rewriting, limits);
        if (again.kind != Outcome::accepted || again.meaning != whole.meaning) {
            return "rewritten, it means something else: " + again.meaning;
        }
        if (again.head_bytes != whole.rewriting.size()) return "rewritten, it has another size";
        const auto followed = read(request, std::string(bytes) + "\r\n X", limits);
        if (followed.meaning != whole.meaning) return "what follows it changes it";
    }
    // Each of the shortest and the longest prefixes, and some between.
    const auto step = std::max<std::size_t>(1, bytes.size() / 64);
    for (std::size_t size = 0; size < bytes.size();
         size += size < 32 || size + 32 > bytes.size() ? 1 : step) {
        // In memory of its own, so that AddressSanitizer sees who looks beyond.
        const std::vector<char> prefix(bytes.begin(), bytes.begin() + static_cast<long>(size));
        const auto part = read(request, {prefix.data(), prefix.size()}, limits);
        if (part.kind == Outcome::incomplete) {
            if (whole.kind == Outcome::accepted && size >= whole.head_bytes) return "read too late";
        } else if (part.kind != whole.kind || part.meaning != whole.meaning ||
                   part.head_bytes != whole.head_bytes) {
            return "a prefix means something else: " + part.meaning + " not " + whole.meaning;
        }
    }
    return {};
}

std::string any_fault(std::string_view bytes) {
    for (const bool request : {true, false}) {
        for (const auto& limits : {HttpLimits{}, HttpLimits{.head_bytes = 90, .body_bytes = 4}}) {
            auto wrong = fault(request, bytes, limits);
            if (!wrong.empty()) return (request ? "request: " : "response: ") + wrong;
        }
    }
    return {};
}

std::vector<std::string> seeds() {
    std::vector<std::string> all;
    for (const auto* samples : {&request_samples(), &response_samples()}) {
        for (const auto& sample : *samples) all.push_back(sample.bytes);
    }
    return all;
}

}  // namespace
}  // namespace electiond::io

#ifdef ELECTIOND_LIBFUZZER

// libFuzzer's corpus begins with the samples: written into the first folder that it is given.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    for (int i = 1; i < *argc; ++i) {
        const std::string folder = (*argv)[i];
        if (!std::filesystem::is_directory(folder)) continue;
        int name = 0;
        for (const auto& seed : electiond::io::seeds()) {
            std::ofstream(folder + "/sample-" + std::to_string(name++)) << seed;
        }
        break;
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const auto wrong = electiond::io::any_fault({reinterpret_cast<const char*>(data), size});
    if (!wrong.empty()) {
        std::fprintf(stderr, "%s\n", wrong.c_str());
        std::abort();
    }
    return 0;
}

#else

#include <gtest/gtest.h>

namespace electiond::io {
namespace {

class Mutations {
  public:
    explicit Mutations(std::uint64_t seed) : chance_(seed) {}

    std::string next() {
        auto bytes = any_of(seeds_);
        if (bytes.size() > 2000) bytes.erase(100, bytes.size() - 2000);  // keeps the test short
        for (auto times = below(4) + 1; times > 0; --times) mutate(bytes);
        return bytes;
    }

  private:
    std::size_t below(std::size_t bound) { return chance_() % bound; }
    const std::string& any_of(const std::vector<std::string>& all) {
        return all[below(all.size())];
    }

    void mutate(std::string& bytes) {
        const auto at = below(bytes.size() + 1);
        const auto size = below(12);
        switch (below(6)) {
            case 0:
                bytes.insert(at, any_of(kPieces));
                break;
            case 1:
                bytes.replace(at, size, any_of(kPieces));
                break;
            case 2:
                bytes.erase(at, size);
                break;
            case 3:
                bytes.insert(at, 1, static_cast<char>(below(256)));
                break;
            case 4:
                if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            default: {  // the end of another
                const auto& other = any_of(seeds_);
                bytes.replace(at, std::string::npos, other, below(other.size() + 1), 2000);
            }
        }
    }

    inline static const std::vector<std::string> kPieces = {"\r",
                                                            "\n",
                                                            "\r\n",
                                                            "\r\n\r\n",
                                                            " ",
                                                            "\t",
                                                            ":",
                                                            "%",
                                                            std::string(1, '\0'),
                                                            "[::1]",
                                                            "*",
                                                            "/",
                                                            "?",
                                                            "http://",
                                                            " HTTP/1.1\r\n",
                                                            " HTTP/1.0\r\n",
                                                            "5",
                                                            ",",
                                                            "\r\nHost: x",
                                                            "\r\nHost:",
                                                            "\r\nContent-Length: 2",
                                                            "\r\nTransfer-Encoding: chunked",
                                                            "\r\nExpect: 100-continue",
                                                            "\r\nConnection: close",
                                                            "HTTP/1.1 100 Continue\r\n\r\n"};
    std::vector<std::string> seeds_ = seeds();
    std::mt19937_64 chance_;
};

TEST(Http1, ReadsAnyBytesAsItReadsTheirPrefixes) {
    for (const auto& seed : seeds()) ASSERT_EQ(any_fault(seed), "") << seed;
    Mutations mutations(14);
    for (int i = 0; i < 1'500; ++i) {
        const auto bytes = mutations.next();
        ASSERT_EQ(any_fault(bytes), "")
            << "mutation " << i << ": " << testing::PrintToString(bytes);
    }
}

}  // namespace
}  // namespace electiond::io

#endif
