// The table of paths, and the steps that all of them share.
#include "control/routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/answers.h"

namespace electiond {
namespace {

ApiAnswer answer_index(const Call& call);

struct Route {
    std::string_view method;
    std::string_view path;  // if it ends in '/', the name of one thing follows
    ApiAnswer (*answer)(const Call&);
    // Health checks use its status: OPTIONS must return the same status, the answer is immediate,
    // and everybody may read it. /follower reveals nothing that /leader does not.
    bool health = false;
};

constexpr std::array kRoutes{Route{"GET", "/", answer_index},
                             Route{"GET", "/status", answer_status},
                             Route{"GET", "/cluster", answer_cluster},
                             Route{"GET", "/leader", answer_leader, true},
                             Route{"GET", "/follower", answer_follower, true},
                             Route{"GET", "/livez", answer_livez, true},
                             Route{"GET", "/readyz", answer_readyz, true},
                             Route{"GET", "/members", answer_members},
                             Route{"GET", "/removal/", answer_may_remove_member},
                             Route{"GET", "/history", answer_history},
                             Route{"GET", "/events", answer_events},
                             Route{"POST", "/step-down", answer_step_down},
                             Route{"POST", "/leave", answer_leave},
                             Route{"POST", "/reload", answer_reload},
                             Route{"DELETE", "/members/", answer_remove_member}};

bool leads_to(const Route& route, std::string_view path) {
    if (path == route.path) return route.path == "/" || !route.path.ends_with('/');
    return route.path.size() > 1 && route.path.ends_with('/') && path.starts_with(route.path) &&
           path.find('/', route.path.size()) == std::string_view::npos;
}

std::vector<Route> routes_of(std::string_view path) {
    std::vector<Route> found;
    std::ranges::copy_if(kRoutes, std::back_inserter(found),
                         [&](const Route& route) { return path == "*" || leads_to(route, path); });
    return found;
}

std::string allowed(const std::vector<Route>& routes) {
    std::string list;
    for (const std::string_view method : {"GET", "HEAD", "POST", "DELETE"}) {
        const auto wanted = method == "HEAD" ? "GET" : method;
        if (std::ranges::find(routes, wanted, &Route::method) == routes.end()) continue;
        list.append(method).append(", ");
    }
    return list + "OPTIONS";
}

// `name` is the leader, as in the only answer of the retired leader-elector of Kubernetes: a
// program that asks that sidecar may ask electiond instead. It compares `name` with a text, so it
// gets "" and not null if there is no leader.
ApiAnswer answer_index(const Call& call) {
    const auto status = call.dependencies.board.read();
    std::vector<Json> paths;
    for (const auto& route : kRoutes) {
        if (route.path == "/") continue;
        const bool named = route.path.ends_with('/');
        paths.emplace_back(std::string(route.method).append(" ").append(route.path) +
                           (named ? "ID" : ""));
    }
    return answer(200,
                  json_object({{"name", status->leader_at(call.dependencies.now()).value_or("")},
                               {"product", "electiond"},
                               {"version", call.dependencies.version},
                               {"id", status->view->id},
                               {"read", call.dependencies.reading_needs_token ? "token" : "open"},
                               {"paths", json_array(paths)}}));
}

std::unique_ptr<const Guard> guard_of(const ControlDependencies& dependencies) {
    return std::make_unique<const Guard>(
        Access{.hostnames = dependencies.hostnames,
               .token = dependencies.token,
               .cluster = dependencies.cluster,
               .clients_need_certificate = dependencies.clients_need_certificate,
               .reading_needs_token = dependencies.reading_needs_token});
}

}  // namespace

ControlRoutes::ControlRoutes(ControlDependencies dependencies, const ApiLimits& limits)
    : dependencies_(std::move(dependencies)),
      guard_(guard_of(dependencies_)),
      streams_(limits.streams),
      waiting_(limits.waiting_requests) {}

void ControlRoutes::change(const ControlOptions& options) {
    dependencies_.token = options.token;
    dependencies_.hostnames = options.hostnames;
    dependencies_.reading_needs_token = options.reading_needs_token;
    dependencies_.timing = options.timing;
    guard_ = guard_of(dependencies_);
    streams_.set_most(options.limits.streams);
    waiting_.set_most(options.limits.waiting_requests);
}

Instant ControlRoutes::leads_until(Instant now) const {
    return dependencies_.board.read()->leadership.leads_until(now);
}

ApiAnswer ControlRoutes::answer(const ApiRequest& request, const std::function<void()>& wake) {
    const auto target = Target::parse(request.target);
    if (!target) {
        return electiond::answer(Problem{400, "Malformed target",
                                         "Expected a path, percent-encoded where necessary.",
                                         Reason::malformed});
    }
    const auto& host = target->authority ? target->authority : request.host;
    if (const auto problem = guard_->admit(host, request)) {
        return electiond::answer(*problem);
    }
    return dispatch({dependencies_, request, *target, streams_, waiting_, wake});
}

ApiAnswer ControlRoutes::dispatch(const Call& call) {
    const auto& request = call.request;
    const auto& path = call.target.path;
    const auto routes = routes_of(path);
    if (routes.empty()) {
        return electiond::answer(
            Problem{404, "Not found", "There is no " + path + "; GET / lists the paths."});
    }
    if (request.method == "OPTIONS") {
        // Some load balancers check health by OPTIONS and act on the status alone (HAProxy does by
        // default): a 204 from every node would send clients to nodes that do not lead.
        ApiResponse response{.status = 204};
        if (routes.size() == 1 && routes.front().health) {
            response = std::get<ApiResponse>(routes.front().answer(call));
        }
        response.headers.emplace_back("Allow", allowed(routes));
        return response;
    }
    const auto* const wanted = request.method == "HEAD" ? "GET" : request.method.c_str();
    const auto route = std::ranges::find(routes, wanted, &Route::method);
    if (route == routes.end() || path == "*") {
        auto refused = electiond::answer(
            Problem{405, "Method not allowed", path + " allows " + allowed(routes) + "."});
        refused.headers.emplace_back("Allow", allowed(routes));
        return refused;
    }
    std::optional<ApiResponse> refused;
    if (route->method != "GET") {
        refused = guard_->refuse_change(request);
    } else if (!route->health) {
        refused = guard_->refuse_reading(request);
    }
    if (refused) return std::move(*refused);
    return route->answer(call);
}

}  // namespace electiond
