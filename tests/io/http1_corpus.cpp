// The samples. Each that is wrong is wrong in one way, and is followed by a request that must not
// be taken for one.
#include "http1_corpus.h"

namespace electiond::io {
namespace {

using namespace std::string_literals;

const std::string kHost = "Host: node-1:7400\r\n";
const std::string kGet = "GET /leader HTTP/1.1\r\n" + kHost;
const std::string kPost = "POST /vote-request HTTP/1.1\r\n" + kHost;
const std::string kEnd = "\r\n";
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

std::string repeated(int times, const std::string& text) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

std::string with_target(const std::string& target, const std::string& method = "GET") {
    return method + " " + target + " HTTP/1.1\r\n" + kHost + kEnd;
}

std::string with_host(const std::string& host) {
    return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

std::string with_length(const std::string& length) {
    return kPost + "Content-Length: " + length + "\r\n\r\n";
}

std::string with_start(const std::string& line) { return line + "\r\n" + kHost + kEnd; }

void add_good_requests(std::vector<Sample>& all) {
    const auto good = [&all](const char* what, std::string bytes) {
        all.push_back({what, std::move(bytes), 0});
    };
    good("the smallest", "GET / HTTP/1.0\r\n\r\n");
    good("a client of the API", kGet + "Accept: */*\r\nUser-Agent: curl/7.88.1\r\n\r\n");
    good("a peer's post", with_length("2"));
    good("a length with zeros before it", with_length("0002"));
    good("the longest body", with_length("65536"));
    good("a length with blanks around it", with_length(" \t 2 \t "));
    good("a post without a length", kPost + kEnd);
    good("a get with a body", kGet + "Content-Length: 3\r\n\r\n");
    good("one empty line before it", kEnd + kGet + kEnd);
    good("two empty lines before it", kEnd + kEnd + kGet + kEnd);
    good("options without Host", "OPTIONS /leader HTTP/1.0\r\n\r\n");
    good("options for the server", with_target("*", "OPTIONS"));
    good("an unknown method", with_target("/", "X-!#$%&'*+.^_`|~1"));
    good("a method in lower case", with_target("/", "get"));
    good("a query", with_target("/leader?wait=60s&index=99&x"));
    good("an empty query", with_target("/leader?"));
    good("all that a target may hold", with_target("/aZ09-._~!$&'()*+,;=:@%2F%fa//?/?:@"));
    good("two slashes first", with_target("//leader"));
    good("an absolute target", with_target("http://node-1:7400/leader?x=1"));
    good("an absolute target in capitals", with_target("HTTP://NODE/"));
    good("an absolute target of TLS", with_target("https://node-1:7400/leader"));
    good("an absolute target in capitals", with_target("HTTPS://node-1/"));
    good("an absolute target without a path", with_target("http://node-1"));
    good("an absolute target with just a query", with_target("http://[::1]:7400?x"));
    good("a long target", with_target("/" + std::string(8000, 'a')));
    good("a host by address", with_host("127.0.0.1:7400"));
    good("a host by IPv6 address", with_host("[fe80::1]:7400"));
    good("a host by mapped address", with_host("[::ffff:10.0.0.1]"));
    good("a host with odd characters", with_host("a_b.c-d%41;=!"));
    good("an empty port", with_host("node-1:"));
    good("the highest port", with_host("node-1:65535"));
    good("an empty host", with_host(""));
    good("a host without a blank", "GET / HTTP/1.1\r\nhOsT:x\r\n\r\n");
    good("a field without a value", kGet + "X:\r\nY: \t \r\n\r\n");
    good("a value with blanks within", kGet + "X: \t a \t b \t \r\n\r\n");
    good("a value with bytes over 0x7f", kGet + "X: \x80\xff\xc3\xa4\r\n\r\n");
    good("a value with colons and quotes", kGet + "X: \"a\":b::\\\r\n\r\n");
    good("a name of odd characters", kGet + "!#$%&'*+-.^_`|~1: x\r\n\r\n");
    good("a field twice", kGet + "X: 1\r\nX: 2\r\n\r\n");
    good("100 fields", kGet + repeated(99, "X: y\r\n") + kEnd);
    good("Connection: close", kGet + "Connection: close\r\n\r\n");
    good("Connection as a list", kGet + "Connection: ,TE,, keep-alive ,Close\r\n\r\n");
    good("keep-alive in 1.0", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    good("an expectation", kPost + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    good("an expectation without a body", kGet + "Expect: 100-continue\r\n\r\n");
    good("an expectation in 1.0", "POST / HTTP/1.0\r\nExpect: x\r\nContent-Length: 2\r\n\r\n");
    good("Upgrade", kGet + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
    good("credentials", kGet + "Authorization: Bearer a.b.c\r\nOrigin: http://x\r\n\r\n");
}

void add_bad_start_lines(std::vector<Sample>& all) {
    const auto bad = [&all](const char* what, const std::string& bytes, int status = 400) {
        all.push_back({what, bytes + kSmuggled, status});
    };
    bad("a TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n"s);
    bad("a frame of the tcp transport", "\0\0\0\x10{}"s);
    bad("a blank first", " GET / HTTP/1.1\r\n" + kHost + kEnd);
    bad("LF first", "\n" + kGet + kEnd);
    bad("CR alone first", "\r" + kGet + kEnd);
    bad("three empty lines", kEnd + kEnd + kEnd + kGet + kEnd);
    bad("one word", "nonsense\r\n\r\n");
    bad("HTTP/0.9", "GET /\r\n");
    bad("HTTP/0.9 with a blank", "GET / \r\n\r\n");
    bad("no target", with_start("GET HTTP/1.1"));
    bad("an empty target", with_start("GET  HTTP/1.1"));
    bad("two blanks after the method", with_start("GET  / HTTP/1.1"));
    bad("two blanks before the version", with_start("GET /  HTTP/1.1"));
    bad("TAB after the method", with_start("GET\t/ HTTP/1.1"));
    bad("TAB before the version", with_start("GET /\tHTTP/1.1"));
    bad("vertical TAB", with_start("GET\v/ HTTP/1.1"));
    bad("a blank after the version", with_start("GET / HTTP/1.1 "));
    bad("a word after the version", with_start("GET / HTTP/1.1 x"));
    bad("a blank in the target", with_start("GET /a b HTTP/1.1"));
    bad("a bracket in the method", with_target("/", "G(T"));
    bad("a colon in the method", with_target("/", "GET:"));
    bad("NUL in the method", with_target("/", "G\0T"s));
    bad("a byte over 0x7f in the method", with_target("/", "G\xc3\x84T"));
    bad("no method", with_start("/ HTTP/1.1"));
    for (const char* version : {"HTTP/1.9", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/9.1"}) {
        bad(version, "GET / "s + version + "\r\n" + kHost + kEnd, 505);
    }
    bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    for (const char* version :
         {"HTTP/1.10", "HTTP/11.1", "HTTP/01.1", "HTTP/1", "HTTP/1.", "HTTP/2", "HTTP 1.1",
          "HTTP/1,1", "HTTP/1.1a", "http/1.1", "Http/1.1", "HTTP/", "HTTP/-1.1", "HTTP/1.x",
          "HTTP/ 1.1", "XHTTP/1.1", "ICE/1.0"}) {
        bad(version, "GET / "s + version + "\r\n" + kHost + kEnd);
    }
    bad("LF ends the request line", "GET / HTTP/1.1\n" + kHost + kEnd);
    bad("CR ends the request line", "GET / HTTP/1.1\r" + kHost + kEnd);
    bad("CR CR LF ends the request line", "GET / HTTP/1.1\r\r\n" + kHost + kEnd);
    bad("a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

void add_bad_targets(std::vector<Sample>& all) {
    const auto bad = [&all](const std::string& target, const std::string& method = "GET") {
        all.push_back({"target " + target, with_target(target, method) + kSmuggled, 400});
    };
    for (const char* c : {"\x01", "\x1b", "\x7f", "\x80", "\xc3\xa4", "\"", "<", ">", "\\", "^",
                          "`", "{", "|", "}", "#", "[", "]"}) {
        bad("/a"s + c);
        bad("/a?"s + c);
    }
    bad("/a\0b"s);
    bad("/a\rb");
    bad("/a\nb");
    bad("/leader#x");
    for (const char* broken : {"/%", "/%2", "/%2g", "/%g2", "/a?%", "/%%41", "/%u0041"})
        bad(broken);
    for (const char* other :
         {"leader",          "?x",          "*a",           "/..\\",          "node-1:7400",
          "http:",           "http:/",      "http://",      "http:///leader", "http://:80/",
          "http://u@x/",     "http://x:y/", "http://[::1/", "http://[::g]/",  "http://x[/",
          "https:///",       "httpss://x/", "ftp://x/",     "http://x/[",     "http://x%zz/",
          "http://x:65536/", "http//x/"}) {
        bad(other);
    }
    bad("*");
    bad("*", "options");
    bad("node-1:7400", "CONNECT");
}

void add_bad_fields(std::vector<Sample>& all) {
    const auto bad = [&all](const char* what, const std::string& lines, int status = 400) {
        all.push_back({what, kPost + lines + "\r\n\r\n" + kSmuggled, status});
    };
    bad("folded by a blank", "X: a\r\n b");
    bad("folded by TAB", "X: a\r\n\tb");
    bad("a line of a blank", "X: a\r\n \r\nY: b");
    bad("no colon", "X");
    bad("no colon in a later line", "X: a\r\nContent-Length 5");
    bad("no name", ": x");
    bad("a blank before the colon", "Content-Length : 5");
    bad("TAB before the colon", "Content-Length\t: 5");
    bad("a blank within the name", "Content Length: 5");
    bad("a bracket in the name", "X(: a");
    bad("NUL in the name", "X\0: a"s);
    bad("a byte over 0x7f in the name", "X\xe4: a");
    bad("LF in the name", "X\nY: a");
    bad("NUL in a value", "X: a\0b"s);
    bad("ESC in a value", "X: \x1b[31m");
    bad("DEL in a value", "X: \x7f");
    bad("LF in a value", "X: a\nTransfer-Encoding: chunked");
    bad("CR in a value", "X: a\rTransfer-Encoding: chunked");
    bad("LF ends a field", "X: a\nY: b");
    bad("CR CR LF ends a field", "X: a\r\r\nY: b");
    bad("LF ends the head", "X: a\r\n\nX:");
    bad("LF LF ends the head", "X: a\n\nX:");
    bad("two Hosts", "Host: y");
    bad("two equal Hosts", "host: node-1:7400");
    bad("two Authorizations", "Authorization: a\r\nX: y\r\nauthorization: a");
    bad("two Origins", "Origin: http://a\r\nORIGIN: http://a");
    bad("two expectations", "Expect: 100-continue\r\nExpect: 100-continue");
    bad("an unknown expectation", "Expect: 200-ok", 417);
    bad("an empty expectation", "Expect:", 417);
    bad("a list of expectations", "Expect: 100-continue, x", 417);
    bad("101 fields", repeated(99, "X: y\r\n") + "X: y", 431);
    bad("a long value", "X: " + std::string(17'000, 'x'), 431);
    bad("a long name", std::string(17'000, 'X'), 431);
    all.push_back(
        {"a blank before the first field", "GET / HTTP/1.1\r\n " + kHost + kEnd + kSmuggled, 400});
    all.push_back({"a long target", with_target("/" + std::string(17'000, 'a')), 431});
    all.push_back({"a long method", std::string(17'000, 'A'), 431});
}

void add_bad_hosts(std::vector<Sample>& all) {
    all.push_back({"no Host", "GET / HTTP/1.1\r\n\r\n" + kSmuggled, 400});
    all.push_back({"no Host, absolute target", "GET http://x/ HTTP/1.1\r\n\r\n" + kSmuggled, 400});
    all.push_back({"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400});
    for (const char* host : {"a b",
                             "a, b",
                             "u@x",
                             "u:p@x",
                             "x:y",
                             "x:-1",
                             "x:65536",
                             "x:80:80",
                             ":80",
                             "::1",
                             "[::1",
                             "[::1]x",
                             "[::1]:x",
                             "[]",
                             "[::g]",
                             "[1.2.3.4]",
                             "[fe80::1%eth0]",
                             "[fe80::1%25eth0]",
                             "[v1.x]",
                             "x/y",
                             "x?y",
                             "x#y",
                             "x\\y",
                             "http://x",
                             "\"x\"",
                             "<x>",
                             "x%",
                             "x%4",
                             "x%zz",
                             "\xc3\xa4",
                             "x[",
                             "x]",
                             "x:99999999999999999999",
                             "a\tb"}) {
        all.push_back({"Host "s + host, with_host(host) + kSmuggled, 400});
        if (std::string(host).find('%') == std::string::npos) continue;
        all.push_back({"Host in 1.0 "s + host,
                       "GET / HTTP/1.0\r\nHost: "s + host + "\r\n\r\n" + kSmuggled, 400});
    }
}

void add_bad_lengths(std::vector<Sample>& all) {
    for (const char* length :
         {"-1", "+5", "0x10", "5, 5", "5,", "5 5", "five", "", "5.0", "1e3", "٣", "5;", "\"5\"",
          "0b1", "1_0", "5\r\nContent-Length: 5", "5\r\ncontent-length: 6", "\v5"}) {
        all.push_back({"length "s + length, with_length(length) + kSmuggled, 400});
    }
    for (const char* length : {"65537", "4294967296", "18446744073709551616",
                               "99999999999999999999999999999999999999"}) {
        all.push_back({"length "s + length, with_length(length) + kSmuggled, 413});
    }
    for (const char* coding : {"chunked", "identity", "gzip, chunked", "x", "", "\"chunked\""}) {
        const auto line = "Transfer-Encoding: "s + coding + "\r\n";
        all.push_back({line, kPost + line + kEnd + kSmuggled, 411});
    }
    const std::string chunked = "transfer-ENCODING:chunked\r\n";
    const std::string four = "Content-Length: 4\r\n";
    all.push_back({"coding, then length", kPost + chunked + four + kEnd + kSmuggled, 411});
    all.push_back({"length, then coding", kPost + four + chunked + kEnd + kSmuggled, 411});
    all.push_back({"coding in 1.0", "POST / HTTP/1.0\r\n" + chunked + kEnd + kSmuggled, 411});
    all.push_back({"coding of a get", kGet + chunked + kEnd + kSmuggled, 411});
    all.push_back({"coding, blank before the colon",
                   kPost + "Transfer-Encoding : chunked\r\n\r\n" + kSmuggled, 400});
    all.push_back({"coding behind VT", kPost + "\vTransfer-Encoding: chunked\r\n\r\n", 400});
}

}  // namespace

const std::vector<Sample>& request_samples() {
    static const auto samples = [] {
        std::vector<Sample> all;
        add_good_requests(all);
        add_bad_start_lines(all);
        add_bad_targets(all);
        add_bad_fields(all);
        add_bad_hosts(all);
        add_bad_lengths(all);
        return all;
    }();
    return samples;
}

const std::vector<Sample>& response_samples() {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    static const std::vector<Sample> samples = {
        {"the usual", ok + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n", 0},
        {"no phrase", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n", 0},
        {"a phrase of any bytes", "HTTP/1.1 599 \t\xc3\xa4 \r\nContent-Length: 2\r\n\r\n", 0},
        {"no length", ok + kEnd, 0},
        {"to be closed", ok + "Content-Length: 2\r\nConnection: close\r\n\r\n", 0},
        {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", 0},
        {"HTTP/1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n",
         0},
        {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 0},
        {"no content of no length", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 0},
        {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 0},
        {"after interim ones",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok +
             "Content-Length: 2\r\n\r\n",
         0},
        {"two Hosts", ok + "Host: x\r\nHost: y\r\nContent-Length: 2\r\n\r\n", 0},
        {"an empty line before it", kEnd + ok + kEnd, 400},
        {"a request", kSmuggled, 400},
        {"TLS", "\x15\x03\x03\x00\x02\x02\x28"s, 400},
        {"no blank after the status", "HTTP/1.1 200\r\n\r\n", 400},
        {"two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n", 400},
        {"TAB before the status", "HTTP/1.1\t200 OK\r\n\r\n", 400},
        {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", 400},
        {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 400},
        {"a negative status", "HTTP/1.1 -20 OK\r\n\r\n", 400},
        {"status 099", "HTTP/1.1 099 OK\r\n\r\n", 400},
        {"status 600", "HTTP/1.1 600 OK\r\n\r\n", 400},
        {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 400},
        {"an interim one with a length", "HTTP/1.1 100 x\r\nContent-Length: 2\r\n\r\n" + ok, 400},
        {"an interim one with a coding", "HTTP/1.1 100 x\r\nTransfer-Encoding: x\r\n\r\n" + ok,
         411},
        {"endless interim ones", repeated(1000, "HTTP/1.1 100 Continue\r\n\r\n"), 431},
        {"no content of a length", "HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n", 400},
        {"HTTP/1.9", "HTTP/1.9 200 OK\r\n\r\n", 505},
        {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", 505},
        {"ICY", "ICY 200 OK\r\n\r\n", 400},
        {"NUL in the phrase", "HTTP/1.1 200 O\0K\r\n\r\n"s, 400},
        {"LF ends the status line", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\n", 400},
        {"folded", ok + "X: a\r\n b\r\n\r\n", 400},
        {"LF in a value", ok + "X: a\nb\r\n\r\n", 400},
        {"a blank before the colon", ok + "Content-Length : 2\r\n\r\n", 400},
        {"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n", 411},
        {"chunked with a length", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
         411},
        {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", 400},
        {"a list of lengths", ok + "Content-Length: 2, 2\r\n\r\n", 400},
        {"a long body", ok + "Content-Length: 99999\r\n\r\n", 413},
        {"a long head", ok + "X: " + std::string(17'000, 'x'), 431},
        {"101 fields", ok + repeated(101, "X: y\r\n") + kEnd, 431},
    };
    return samples;
}

}  // namespace electiond::io
