// The status of this node at one moment.
#include "node/status.h"

namespace electiond {

std::vector<Member> MembersView::in_contact() const {
    auto all = *list;
    for (std::size_t n = 0; n < contacts.size(); ++n) {
        all[n].last_ack = contacts[n].last_ack;
        all[n].rtt = contacts[n].rtt;
    }
    return all;
}

Status::Status() {
    static const auto blank = std::make_shared<const NodeView>();
    static const auto nobody = std::make_shared<const MembersView>();
    view = blank;
    members = nobody;
}

std::optional<std::string> Status::leader_at(Instant now) const {
    switch (leadership.leader_at(now)) {
        case WhoLeads::self:
            return view->id.value;
        case WhoLeads::followed:
            return view->followed->id.empty() ? view->followed->uuid.value
                                              : view->followed->id.value;
        case WhoLeads::hearsay:
            return view->hearsay;
        case WhoLeads::nobody:
            break;
    }
    return std::nullopt;
}

}  // namespace electiond
