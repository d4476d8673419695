// Where `watch` learns who leads: from one node, confirmed in time, or from the stream of any node.
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
    // Either who leads, or why that is not known.
    struct News {
        std::optional<Lead> lead{};
        std::string trouble{};
        bool refused = false;  // with trouble: an endpoint answered, by an error
    };

    LeadSource() = default;
    LeadSource(const LeadSource&) = delete;
    LeadSource& operator=(const LeadSource&) = delete;
    virtual ~LeadSource() = default;

    // The news since the last call, in order. One thread.
    [[nodiscard]] virtual std::vector<News> take() = 0;
    // Readable for poll(2) while there is something to take.
    [[nodiscard]] virtual int handle() const = 0;
};

// Of the client's single endpoint, for LeadWatch::Scope::node. Its stream of events says when to
// ask; what counts is the answer of GET /leader, since an event may have been under way for long.
// While a lead is relied on, it is confirmed at a third of the time left, and at least each second.
// The first news comes when the stream is open or can't be opened. Its end waits for the request
// that is under way, at most for the client's timeout.
[[nodiscard]] std::unique_ptr<LeadSource> confirmed_leads(const ApiClient& client);

// Of the cluster, as the stream of one endpoint tells it, and of the next one when that breaks, for
// LeadWatch::Scope::cluster. A leader told by a stream that has broken is good for one timeout.
[[nodiscard]] std::unique_ptr<LeadSource> told_leads(const ApiClient& client);

}  // namespace electiond::ctl
