// Makes the NodeView and the MembersView of a status, anew only if something has changed.
#include "node/view_maker.h"

#include <algorithm>
#include <utility>

#include "node/change_text.h"

namespace electiond {
namespace {

constexpr std::size_t kRejectReasonsMax = 64;

}  // namespace

void ViewMaker::take_members(std::vector<Member> members, Instant now) {
    show_members(std::move(members), now);
    ++members_revision_;
}

void ViewMaker::show_members(std::vector<Member> members, Instant now) {
    members_ = std::make_shared<const MembersView>(
        MembersView{.list = std::make_shared<const std::vector<Member>>(std::move(members)),
                    .at = now,
                    .contacts = {}});
}

void ViewMaker::show_contacts(Instant now) {
    const auto next = std::make_shared<MembersView>(
        MembersView{.list = members_->list, .at = now, .contacts = {}});
    next->contacts.reserve(next->list->size());
    for (const auto& member : *next->list) {
        next->contacts.push_back(election_.contact_with(member.uuid, now));
    }
    members_ = next;
}

void ViewMaker::count_refusal(const std::string& reason) {
    if (rejected_.size() >= kRejectReasonsMax && !rejected_.contains(reason)) return;
    ++rejected_[reason];
    ++refusals_;
}

void ViewMaker::refresh(Instant now) {
    refresh_own_members(now);
    const auto own = role_may_differ() ? role() : made_.role;
    if (confirmed_role_ != own && election_.config_held()) confirmed_role_ = own;
    if (confirmed_role_ != own) confirmed_role_.reset();
    if (!view_ || !is_current(own)) {
        made_ = made_now(own);
        view_ = std::make_shared<const NodeView>(make());
    }
}

// After the lead is lost, its last view stays.
void ViewMaker::refresh_own_members(Instant now) {
    if (!std::holds_alternative<Leading>(election_.role())) return;
    if (own_members_due_ || !members_->at || made_.book != book_.revision()) {
        own_members_due_ = false;
        ++members_revision_;
        show_members(with_addresses(election_.members(now)), now);
    } else if (now - *members_->at >= election_.policy().timing.heartbeat) {
        show_contacts(now);
    }
}

ViewMaker::Made ViewMaker::made_now(MemberRole own) const {
    const auto& durable = election_.durable();
    Made made{.book = book_.revision(),
              .refusals = refusals_,
              .members = members_revision_,
              .config = durable.config.number,
              .role = own,
              .role_confirmed = confirmed_role_.has_value(),
              .eligible = election_.eligible(),
              .left = durable.left,
              .cluster_id = durable.cluster_id,
              .voted_for = durable.voted_for,
              .followed = election_.followed(),
              .troubles = election_.troubles_revision(),
              .faults = faults_.revision()};
    if (const auto& others = election_.hearsay()) {
        made.hearsay_id = others->hint.id;
        made.hearsay_uuid = others->hint.uuid;
    }
    return made;
}

// The same as made_now(own) == made_, but without copies, because it runs at every event.
bool ViewMaker::is_current(MemberRole own) const {
    const auto& durable = election_.durable();
    const auto& others = election_.hearsay();
    return made_.book == book_.revision() && made_.refusals == refusals_ &&
           made_.members == members_revision_ && made_.config == durable.config.number &&
           made_.role == own && made_.role_confirmed == confirmed_role_.has_value() &&
           made_.eligible == election_.eligible() && made_.cluster_id == durable.cluster_id &&
           made_.voted_for == durable.voted_for && made_.followed == election_.followed() &&
           (!others ||
            (made_.hearsay_id == others->hint.id && made_.hearsay_uuid == others->hint.uuid)) &&
           made_.troubles == election_.troubles_revision() &&
           ((view_->problems.empty() && own != MemberRole::joining) ||
            made_.faults == faults_.revision());
}

NodeView ViewMaker::make() const {
    const auto& durable = election_.durable();
    NodeView view{.id = durable.node_id,
                  .uuid = durable.uuid,
                  .cluster = durable.cluster_name,
                  .cluster_id = durable.cluster_id,
                  .api = identity_.api,
                  .address = identity_.address,
                  .started = started_,
                  .priority = election_.policy().priority,
                  .observer = election_.policy().observer,
                  .eligible = made_.eligible,
                  .role = made_.role,
                  .role_confirmed = made_.role_confirmed,
                  .followed = made_.followed,
                  .config = durable.config.number,
                  .voters = durable.config.voters,
                  .quorum = durable.config.quorum(),
                  .peers = book_.peers(known_members()),
                  .rejected = rejected_,
                  .problems = problems()};
    if (!durable.voted_for.empty()) view.voted_for = name_of(durable.voted_for);
    if (made_.role == MemberRole::joining) view.why_not_joined = faults_.why();
    view.hearsay = made_.hearsay_id.empty() ? made_.hearsay_uuid.value : made_.hearsay_id.value;
    return view;
}

std::vector<StandingProblem> ViewMaker::problems() const {
    std::vector<StandingProblem> all;
    for (auto& [change, since] : election_.troubles()) {
        explain(change, book_, faults_);
        all.push_back({.reason = reason_of(change),
                       .subject = subject_of(change),
                       .detail = standing_sentence(change),
                       .since = since});
    }
    return all;
}

std::vector<Member> ViewMaker::with_addresses(std::vector<Member> members) const {
    for (auto& member : members) {
        member.addresses = book_.addresses(member.uuid);
        member.api =
            member.uuid == election_.durable().uuid ? identity_.api : book_.api(member.uuid);
    }
    return members;
}

// Has anything changed that role() depends on, since the view was made?
bool ViewMaker::role_may_differ() const {
    const auto& durable = election_.durable();
    return !view_ || made_.config != durable.config.number || made_.left != durable.left ||
           made_.cluster_id.empty() != durable.blank() || made_.members != members_revision_;
}

MemberRole ViewMaker::role() const {
    const auto& durable = election_.durable();
    if (durable.left) return MemberRole::removed;
    if (durable.blank()) return MemberRole::joining;
    if (durable.config.has(durable.uuid)) return MemberRole::voter;
    const auto own = std::ranges::find(*members_->list, durable.uuid, &Member::uuid);
    return own != members_->list->end() && own->role == MemberRole::standby ? MemberRole::standby
                                                                            : MemberRole::observer;
}

std::string ViewMaker::name_of(const NodeUuid& uuid) const {
    if (uuid == election_.durable().uuid) return election_.durable().node_id.value;
    if (const auto* voter = election_.electorate().find(uuid)) return voter->id.value;
    return book_.id_of(uuid).value_or(NodeId(uuid.value)).value;
}

// The members that this node knows of.
std::vector<Voter> ViewMaker::known_members() const {
    auto all = election_.electorate().voters;
    for (const auto& member : *members_->list) all.push_back({member.id, member.uuid});
    if (const auto& leader = election_.followed()) all.push_back({leader->id, leader->uuid});
    return all;
}

}  // namespace electiond
