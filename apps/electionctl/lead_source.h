// The sources of `watch`: one node whose lead is confirmed in time, or the events of any node.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "electionctl/api_client.h"
#include "electionctl/lead_watch.h"

namespace electiond::ctl {

class LeadSource {
  public:
    // The leader, or why it is not known.
    struct News {
        std::optional<Lead> lead{};
        std::string trouble{};
        bool refused = false;  // with `trouble`: an endpoint has answered with an error
    };

    LeadSource() = default;
    LeadSource(const LeadSource&) = delete;
    LeadSource& operator=(const LeadSource&) = delete;
    virtual ~LeadSource() = default;

    // The news since the last call, in order. One thread.
    [[nodiscard]] virtual std::vector<News> take() = 0;
    // Readable for poll(2) while there are news to take.
    [[nodiscard]] virtual int handle() const = 0;
};

// For LeadWatch::Scope::node: follows the client's single endpoint. An event only triggers a
// request; the answer of GET /leader decides, because an event may be old when it arrives. While
// `watch` relies on a lead, it is confirmed after a third of the time left, at least each second.
// The first news comes when the stream is open or could not be opened. The destructor waits for the
// present request, at most for the client's timeout.
[[nodiscard]] std::unique_ptr<LeadSource> confirmed_leads(const ApiClient& client);

// For LeadWatch::Scope::cluster: follows the events of one endpoint, and of the next one if that
// stream breaks. After a break, the last reported leader counts for one more timeout.
[[nodiscard]] std::unique_ptr<LeadSource> told_leads(const ApiClient& client);

}  // namespace electiond::ctl
