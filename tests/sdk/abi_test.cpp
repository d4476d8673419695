// What plugins and the host share, as ABI 6.0 fixed it. If a test fails here, the change that you
// make breaks plugins that are built already: read docs/plugin-versions.md.
#include <gtest/gtest.h>

#include <cstring>

#include <electiond/plugin.h>

namespace electiond {
namespace {

// The numbers below are of this ABI. Who raises it corrects them.
static_assert(kPluginAbi == 6);

template <class Struct, class Member>
std::ptrdiff_t offset_of(const Struct& object, Member Struct::*member) {
    return reinterpret_cast<const char*>(&(object.*member)) -
           reinterpret_cast<const char*>(&object);
}

// "0, 32": where the members begin.
template <class Struct, class... Members>
std::string offsets(const Struct& object, Members Struct::*... members) {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + std::to_string(offset_of(object, members))), ...);
    return text;
}

// "64: 0, 32": also how large it is.
template <class Struct, class... Members>
std::string layout(Members Struct::*... members) {
    return std::to_string(sizeof(Struct)) + ": " + offsets(Struct{}, members...);
}

#if __SIZEOF_POINTER__ == 8 && defined(__GLIBCXX__)

// These go by value, or in a vector, or through an inline function of both sides: nothing of them
// may change.
TEST(Abi, KeepsTheValues) {
    EXPECT_EQ(layout(&NodeId::value), "32: 0");
    EXPECT_EQ(layout(&Endpoint::host, &Endpoint::port), "40: 0, 32");
    EXPECT_EQ(layout(&Peer::id, &Peer::uuid, &Peer::addresses, &Peer::api), "128: 0, 32, 72, 96");
    EXPECT_EQ(layout(&Claim::cluster_id, &Claim::uuid), "64: 0, 32");
    EXPECT_EQ(layout(&Finding::weight, &Finding::key, &Finding::text), "72: 0, 8, 40");
    EXPECT_EQ(layout(&Request::name, &Request::body, &Request::lane, &Request::source,
                     &Request::verified_names),
              "128: 0, 32, 64, 72, 104");
    EXPECT_EQ(layout(&Response::kind, &Response::body, &Response::verified_names), "64: 0, 8, 40");
    EXPECT_EQ(layout(&LogLine::level, &LogLine::text, &LogLine::fields), "64: 0, 8, 40");
    EXPECT_EQ(offsets(LogField("", 0), &LogField::key, &LogField::value), "0, 32");
    EXPECT_EQ(sizeof(LogField), 72U);
    EXPECT_EQ(layout(&OptionValue::kind, &OptionValue::text, &OptionValue::list, &OptionValue::map,
                     &OptionValue::where),
              "120: 0, 8, 40, 64, 88");
    EXPECT_EQ(layout(&OptionEntry::key, &OptionEntry::value, &OptionEntry::where),
              "184: 0, 32, 152");
    EXPECT_EQ(layout(&OptionSection::name, &OptionSection::root, &OptionSection::directory),
              "192: 0, 32, 152");
    EXPECT_EQ(sizeof(Options), 272U);
    EXPECT_EQ(sizeof(Error), 24U);
    EXPECT_EQ(sizeof(Respond), 32U);
    EXPECT_EQ(sizeof(OnResponse), 32U);
    EXPECT_EQ(sizeof(LogSink), 32U);
}

// These the host makes and a plugin reads by reference: a revision may append to them.
TEST(Abi, AppendsOnlyToWhatTheHostMakes) {
    const std::string limits =
        offsets(kDefaultLimits, &Limits::connections, &Limits::connections_per_address,
                &Limits::header_bytes, &Limits::body_bytes, &Limits::waiting_requests,
                &Limits::request_time, &Limits::idle_time);
    EXPECT_EQ(limits, "0, 8, 16, 24, 32, 40, 48");
    EXPECT_EQ(offsets(TlsFiles{}, &TlsFiles::cert, &TlsFiles::key, &TlsFiles::ca, &TlsFiles::crl,
                      &TlsFiles::identity),
              "0, 40, 80, 120, 160");
    Options options(PluginKind::discovery);
    const Log log;
    const PluginSetup setup{.options = options, .cluster = {}, .node_id = {}, .log = log};
    // What is behind a reference has no member pointer: options stands at 0, log at 72, limits at
    // 120.
    EXPECT_EQ(offsets(setup, &PluginSetup::cluster, &PluginSetup::node_id, &PluginSetup::listen,
                      &PluginSetup::tls),
              "8, 40, 80, 128");
    EXPECT_EQ(
        offsets(PluginDescriptor{}, &PluginDescriptor::magic, &PluginDescriptor::size,
                &PluginDescriptor::abi, &PluginDescriptor::revision, &PluginDescriptor::kind,
                &PluginDescriptor::toolchain, &PluginDescriptor::name, &PluginDescriptor::version,
                &PluginDescriptor::make_discovery, &PluginDescriptor::make_transport),
        "0, 4, 8, 12, 16, 24, 32, 40, 48, 56");
}

#endif

template <class Enum>
int number(Enum value) {
    return static_cast<int>(value);
}

TEST(Abi, KeepsTheNumbersOfEnumerators) {
    EXPECT_EQ(number(LogLevel::debug), 0);
    EXPECT_EQ(number(LogLevel::error), 3);
    EXPECT_EQ(number(Lane::election), 0);
    EXPECT_EQ(number(Lane::query), 1);
    EXPECT_EQ(number(Response::Kind::ok), 0);
    EXPECT_EQ(number(Response::Kind::busy), 3);
    EXPECT_EQ(number(Response::Kind::unreachable), 5);
    EXPECT_EQ(number(Finding::Weight::warning), 0);
    EXPECT_EQ(number(Finding::Weight::fault), 1);
    EXPECT_EQ(number(OptionValue::Kind::text), 0);
    EXPECT_EQ(number(OptionValue::Kind::none), 3);
    EXPECT_EQ(number(TlsFiles::Identity::ca), 1);
    EXPECT_EQ(number(PluginKind::transport), 2);
}

#if defined(__x86_64__) || defined(__aarch64__)

// The place of a virtual function in the table, as the Itanium C++ ABI lays out a pointer to it.
template <class Function>
long slot(Function function) {
    std::ptrdiff_t parts[2];
    static_assert(sizeof parts == sizeof function);
    std::memcpy(parts, &function, sizeof parts);
#if defined(__aarch64__)
    const auto bytes = parts[0];
#else
    const auto bytes = parts[0] - 1;
#endif
    return bytes / static_cast<long>(sizeof(void*));
}

// The first function that a derived class adds: it stands behind all of the interface.
struct EndOfDiscovery : Discovery {
    virtual void end() = 0;
};
struct EndOfArbiter : Arbiter {
    virtual void end() = 0;
};
struct EndOfTransport : Transport {
    virtual void end() = 0;
};

// Plugins implement these. A new ability is an interface of its own.
TEST(Abi, KeepsTheFunctionsOfWhatPluginsImplement) {
    EXPECT_EQ(slot(&Discovery::announce), 2);
    EXPECT_EQ(slot(&Discovery::poll), 3);
    EXPECT_EQ(slot(&Discovery::withdraw), 4);
    EXPECT_EQ(slot(&Discovery::check), 5);
    EXPECT_EQ(slot(&Discovery::arbiter), 6);
    EXPECT_EQ(slot(&EndOfDiscovery::end), 7);

    EXPECT_EQ(slot(&Arbiter::claim), 2);
    EXPECT_EQ(slot(&Arbiter::replace_claim), 3);
    EXPECT_EQ(slot(&EndOfArbiter::end), 4);

    EXPECT_EQ(slot(&Transport::start), 2);
    EXPECT_EQ(slot(&Transport::start_sending), 3);
    EXPECT_EQ(slot(&Transport::keeps_limits), 4);
    EXPECT_EQ(slot(&Transport::set_limits), 5);
    EXPECT_EQ(slot(&Transport::can_authenticate), 6);
    EXPECT_EQ(slot(&Transport::reload_tls), 7);
    EXPECT_EQ(slot(&Transport::send), 8);
    EXPECT_EQ(slot(&Transport::refresh), 9);
    EXPECT_EQ(slot(&Transport::stop), 10);
    EXPECT_EQ(slot(&EndOfTransport::end), 11);
}

// The host implements this one: a revision may append to it.
TEST(Abi, AppendsOnlyToTheInbox) { EXPECT_EQ(slot(&Inbox::deliver), 2); }

#endif

}  // namespace
}  // namespace electiond
