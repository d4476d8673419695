// The transport tests load a plugin as the daemon does, through the host.
#include "transport_bench.h"

#include "host/plugin_host.h"
#include "support/test_ca.h"

namespace electiond::bench {

namespace {
constexpr std::string_view kEncrypted = "_tls";
}

std::string dialect_of(const std::string& spoken) {
    return is_encrypted(spoken) ? spoken.substr(0, spoken.size() - kEncrypted.size()) : spoken;
}

bool is_encrypted(const std::string& spoken) { return spoken.ends_with(kEncrypted); }

const TlsFiles& usual_tls() {
    static TestCa authority;
    static const TlsFiles files = [] {
        const auto issued = authority.issue({.names = kUsualNames});
        return TlsFiles{.cert = issued.cert, .key = issued.key, .ca = authority.file()};
    }();
    return files;
}

std::unique_ptr<Transport> load(const std::string& spoken,
                                std::vector<std::pair<std::string, std::string>> options, Log log,
                                const Limits& limits, std::optional<TlsFiles> tls) {
    const auto plugin = dialect_of(spoken);
    if (!is_encrypted(spoken))
        tls.reset();
    else if (!tls)
        tls = usual_tls();
    OptionSection section{"transport", {}, "/"};
    section.root.kind = OptionValue::Kind::map;
    section.root.where = "node.yaml:1:1";
    options.emplace_back("plugin", plugin);
    Endpoint listen{"127.0.0.1", 7401};
    for (const auto& [key, text] : options) {
        OptionValue value;
        value.text = text;
        value.where = "node.yaml:2:9";
        section.root.map.push_back({key, value, "node.yaml:2:3"});
        if (key == "listen") listen = Endpoint::parse(text).value();
    }
    Options reader(PluginKind::transport, std::move(section));
    PluginHost host({ELECTIOND_PLUGINS}, {}, log);
    return host.make_transport(plugin, {.options = reader,
                                        .cluster = "test",
                                        .node_id = "1",
                                        .log = log,
                                        .listen = listen,
                                        .limits = limits,
                                        .tls = tls ? &*tls : nullptr});
}

}  // namespace electiond::bench
