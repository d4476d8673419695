// Finds the leader by asking all endpoints at once, so that one that hangs delays nothing.
#include "electionctl/leader_search.h"

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

#include "electionctl/arguments.h"
#include "electionctl/endpoint.h"
#include "electionctl/loop_client.h"

namespace electiond::ctl {
namespace {

// All but find() runs on the loop's thread.
class Search {
  public:
    explicit Search(const ApiClient& client)
        : endpoints_(client.endpoints()),
          loop_([this](const std::exception&) { end(std::current_exception()); }),
          bare_(client.credentials().bare),
          client_has_tls_(client.credentials().tls != nullptr),
          client_(loop_, client.credentials(), client.timeout()) {}
    ~Search() {
        loop_.stop([this] { client_.close(); });
    }
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

    Found find() {
        loop_.start();
        (void)loop_.post([this] {
            open_ = endpoints_.size();
            for (const std::string& endpoint : endpoints_) ask_node(endpoint);
        });
        return ended_.get_future().get();
    }

  private:
    void ask_node(const std::string& endpoint) {
        get(endpoint, "/leader", "leaderId", [this, endpoint](const Answer& answer) {
            const std::string id = answer.record().text("leaderId");
            if (leads(answer)) return found({id, endpoint});
            if (id.empty() && (answer.ok() || answer.status == 503)) {
                result_.none_known = true;
                return nothing(endpoint, "/leader", "it knows no leader");
            }
            ask_where_the_leader_is(endpoint);
        });
    }

    void ask_where_the_leader_is(const std::string& endpoint) {
        get(endpoint, "/cluster", "cluster", [this, endpoint](const Answer& answer) {
            const Record leader = answer.record().at("leader");
            if (!answer.ok()) return nothing(endpoint, "/cluster", answer.why());
            if (leader.empty()) {
                result_.none_known = true;
                return nothing(endpoint, "/cluster", "it finds no leader");
            }
            const KnownLeader known{leader.text("id"),
                                    reported_endpoint(leader.text("api"), endpoint, bare_)};
            if (socket_path(endpoint) && known.endpoint && !is_https(*known.endpoint)) {
                return ask_for_scheme(endpoint, known);
            }
            take_named(endpoint, known);
        });
    }

    // /cluster does not say whether an API speaks TLS, and a Unix socket never does. But a node
    // shows the certificate of its own API, and the nodes of a cluster are configured alike.
    void ask_for_scheme(const std::string& endpoint, const KnownLeader& known) {
        get(endpoint, "/status", "", [this, endpoint, known](const Answer& answer) {
            if (answer.record().at("tls").at("api").empty()) return take_named(endpoint, known);
            take_named(endpoint, {known.id, with_scheme(*known.endpoint, Scheme::https)});
        });
    }

    void take_named(const std::string& endpoint, const KnownLeader& known) {
        if (!result_.named || !result_.named->endpoint) result_.named = known;
        if (!known.endpoint) {
            return nothing(
                endpoint, "/cluster",
                "node " + known.id + " leads, but its API listens only on its own machine");
        }
        ask_named(endpoint, known);
    }

    // The report of another node may be out of date, or its address may lead to another node from
    // here.
    void ask_named(const std::string& endpoint, const KnownLeader& known) {
        const std::string says = "node " + known.id + " leads, at " + *known.endpoint;
        if (std::ranges::find(endpoints_, *known.endpoint) != endpoints_.end()) {
            return nothing(endpoint, "/cluster", says);  // an endpoint, so it is asked anyway
        }
        if (is_https(*known.endpoint) && !client_has_tls_)
            return nothing(endpoint, "/cluster", says);
        get(*known.endpoint, "/leader", "leaderId",
            [this, endpoint, known, says](const Answer& answer) {
                if (leads(answer) && answer.record().text("leaderId") == known.id) {
                    return found(known);
                }
                nothing(endpoint, "/cluster", says + ", but that node does not confirm it");
            });
    }

    static bool leads(const Answer& answer) {
        return answer.ok() && answer.record().flag("isLeader").value_or(false);
    }

    void get(const std::string& endpoint, const std::string& path, const std::string& expects,
             std::function<void(const Answer&)> then) {
        client_.ask(
            endpoint, {.path = path, .expects = expects},
            [this, endpoint, path, then = std::move(then)](const LoopClient::Outcome& outcome) {
                if (ended_already_) return;
                if (const auto* answer = std::get_if<Answer>(&outcome)) {
                    result_.anyone_answered = true;
                    return then(*answer);
                }
                const auto& failure = std::get<NoAnswer>(outcome);
                if (!failure.late()) result_.all_timed_out = false;
                if (failure.kind != NoAnswer::Kind::no_trust) result_.no_trust = false;
                nothing(endpoint, path, failure.what());
            });
    }

    void found(KnownLeader leader) {
        result_.leader = std::move(leader);
        end();
    }

    // This endpoint does not lead to a leader.
    void nothing(const std::string& endpoint, const std::string& path, const std::string& why) {
        result_.said.push_back("GET " + request_at(endpoint, path) + ": " + why);
        if (--open_ == 0) end();
    }

    void end(const std::exception_ptr& error = nullptr) {
        if (std::exchange(ended_already_, true)) return;
        if (error) {
            ended_.set_exception(error);
        } else {
            ended_.set_value(result_);
        }
    }

    const std::vector<std::string> endpoints_;
    Found result_;
    std::size_t open_ = 0;  // endpoints that may still give the leader
    bool ended_already_ = false;
    std::promise<Found> ended_;
    io::Loop loop_;
    const Scheme bare_;
    const bool client_has_tls_;
    LoopClient client_;
};

}  // namespace

Found find_leader(const ApiClient& client) { return Search(client).find(); }

}  // namespace electiond::ctl
