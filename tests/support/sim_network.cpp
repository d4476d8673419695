// The simulated network.
#include "support/sim_network.h"

#include <cstdio>

#include "node/peer_identity.h"

namespace electiond::sim {

std::unique_ptr<SimTransport> SimNetwork::plug(std::size_t node, const Endpoint& address) {
    return std::make_unique<SimTransport>(*this, node, address, ++plugged_);
}

std::vector<std::string> SimNetwork::certificate_of(std::size_t node) {
    const auto names = names_of_node("sim", node_name(node));
    return {node % 2 == 0 ? names.uri : names.dns};
}

std::optional<Duration> SimNetwork::way(std::size_t from, std::size_t to, std::string_view name,
                                        std::string& fate) {
    ++messages_;
    if (!open(from, to)) return fate = "cut", std::nullopt;
    if (swallow && swallow(from, to, name)) return fate = "swallowed", std::nullopt;
    if (weather.loss != 0 && random_.chance(weather.loss)) return fate = "lost", std::nullopt;
    Duration delay = weather.delay_min + random_.below(weather.delay_max - weather.delay_min);
    if (weather.spike != 0 && random_.chance(weather.spike)) {
        delay += random_.below(weather.spike_max);
    }
    char text[32];
    std::snprintf(text, sizeof text, "%s+%.3fms", fate.c_str(),
                  static_cast<double>(delay.count()) / 1e6);
    fate = text;
    return delay;
}

void SimNetwork::carry(std::shared_ptr<const Leg> leg) {
    watch({leg->from, leg->request.name, leg->request.body, nullptr});
    const auto owner = owners_.find(leg->to);
    const std::size_t node = owner == owners_.end() ? Transcript::kWorld : owner->second;
    const int copies = weather.repeat != 0 && random_.chance(weather.repeat) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        std::string fate = copy == 0 ? "" : "again ";
        const auto delay = way(leg->from, node, leg->request.name, fate);
        transcript_.message(schedule_.now(), leg->from, node, false, leg->request.name,
                            leg->request.body, fate);
        if (delay) schedule_.after(*delay, [this, leg, node] { arrive(leg, node); });
        if (delay && weather.echo != 0 && random_.chance(weather.echo)) {
            schedule_.after(random_.below(weather.echo_max),
                            [this, leg, node] { arrive(leg, node); });
        }
    }
}

void SimNetwork::arrive(const std::shared_ptr<const Leg>& leg, std::size_t node) {
    const auto listening = listening_.find(leg->to);
    if (listening == listening_.end()) {
        std::string fate;
        if (node == Transcript::kWorld || silent_.contains(node)) return;
        if (const auto delay = way(node, leg->from, leg->request.name, fate)) {
            schedule_.after(*delay, [this, leg] {
                finish(leg->sender, leg->flight, {Response::Kind::unreachable, "refused"});
            });
        }
        return;
    }
    SimTransport& target = *listening->second;
    target.inbox_->deliver(
        leg->request, [this, leg, at = target.node_, answerer = target.number_](Response said) {
            answer(leg, at, answerer, std::move(said));
        });
}

void SimNetwork::answer(const std::shared_ptr<const Leg>& leg, std::size_t node,
                        std::uint64_t answerer, Response said) {
    const auto own = transports_.find(answerer);
    if (own == transports_.end()) return;  // harmless after stop()
    if (said.kind == Response::Kind::ok) {
        watch({node, leg->request.name, said.body, &leg->request});
        if (falsify) falsify(node, leg->from, leg->request, said);
    }
    said.verified_names = own->second->names_;
    std::string fate;
    const auto delay = way(node, leg->from, leg->request.name, fate);
    transcript_.message(schedule_.now(), node, leg->from, true, leg->request.name, said.body, fate);
    if (!delay) return;
    schedule_.after(
        *delay, [this, leg, said = std::move(said)] { finish(leg->sender, leg->flight, said); });
}

void SimNetwork::finish(std::uint64_t sender, std::uint64_t flight, Response said) {
    const auto at = transports_.find(sender);
    if (at == transports_.end()) return;
    auto owed = at->second->owed_.extract(flight);
    if (!owed) return;
    // A transport says it once; the election must not need that (I2).
    const bool twice = weather.repeat != 0 && random_.chance(weather.repeat);
    if (twice) owed.mapped()(said);
    owed.mapped()(std::move(said));
}

SimTransport::SimTransport(SimNetwork& network, std::size_t node, Endpoint address,
                           std::uint64_t number)
    : network_(network),
      node_(node),
      address_(std::move(address)),
      number_(number),
      names_(SimNetwork::certificate_of(node)) {}

Endpoint SimTransport::start(Inbox& inbox) {
    inbox_ = &inbox;
    network_.owners_[address_] = node_;
    network_.listening_[address_] = this;
    network_.transports_[number_] = this;
    return address_;
}

void SimTransport::send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                        OnResponse on_response) noexcept {
    const auto flight = ++flights_;
    owed_.emplace(flight, std::move(on_response));
    request.source = address_.to_string();
    request.verified_names = names_;
    network_.carry(std::make_shared<SimNetwork::Leg>(SimNetwork::Leg{
        .from = node_, .sender = number_, .flight = flight, .to = to, .request = request}));
    network_.schedule_.after(timeout, [&network = network_, number = number_, flight] {
        network.finish(number, flight, {Response::Kind::timed_out, "no answer in time"});
    });
}

void SimTransport::stop() noexcept {
    vanish();
    for (auto& [flight, on_response] : std::exchange(owed_, {})) {
        on_response({Response::Kind::unreachable, "stopped"});
    }
}

void SimTransport::vanish() {
    if (inbox_ == nullptr) return;
    inbox_ = nullptr;
    network_.listening_.erase(address_);
    network_.transports_.erase(number_);
}

}  // namespace electiond::sim
