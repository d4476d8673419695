// Makes the NodeView and the MembersView of a status, anew only if something has changed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/address_book.h"
#include "node/failed_addresses.h"
#include "node/identity.h"
#include "node/status.h"

namespace electiond {

// Owned by Node, loop thread only. The references are borrowed and must outlive it.
class ViewMaker {
  public:
    ViewMaker(const Election& election, const Identity& identity, const AddressBook& book,
              const FailedAddresses& faults, Instant started)
        : election_(election),
          identity_(identity),
          book_(book),
          faults_(faults),
          started_(started) {}

    // Takes the view of the members that the leader has sent.
    void take_members(std::vector<Member> members, Instant now);
    // This node leads, and its view of the members has changed.
    void members_changed() { own_members_due_ = true; }
    // The leader has confirmed the present role of this node. True if that is news.
    bool confirm_role() {
        const auto before = confirmed_role_;
        confirmed_role_ = role();
        return confirmed_role_ != before;
    }
    // A message was refused.
    void count_refusal(const std::string& reason);

    // Brings both views up to date. A view that has not changed stays the same object. On a leader
    // the contacts with the members are made anew each heartbeat interval.
    void refresh(Instant now);
    [[nodiscard]] const std::shared_ptr<const NodeView>& view() const { return view_; }
    [[nodiscard]] const std::shared_ptr<const MembersView>& members() const { return members_; }

    // The voters, the members as last reported by the leader, and the leader.
    [[nodiscard]] std::vector<Voter> known_members() const;

    // Adds the addresses that this node knows, for heartbeats and for the view.
    [[nodiscard]] std::vector<Member> with_addresses(std::vector<Member> members) const;

  private:
    // All that a view depends on: if this is unchanged, so is the view.
    struct Made {
        std::uint64_t book = 0;
        std::uint64_t refusals = 0;
        std::uint64_t members = 0;
        ConfigNumber config{};
        MemberRole role = MemberRole::joining;
        bool role_confirmed = false;
        bool eligible = false;
        bool left = false;
        std::string cluster_id{};
        NodeUuid voted_for{};
        std::optional<Followed> followed{};
        NodeId hearsay_id{};
        NodeUuid hearsay_uuid{};
        std::uint64_t troubles = 0;
        std::uint64_t faults = 0;  // of addresses; matters only if a problem is shown, or if
                                   // the node is joining

        bool operator==(const Made&) const = default;
    };

    [[nodiscard]] Made made_now(MemberRole own) const;
    [[nodiscard]] bool is_current(MemberRole own) const;
    void refresh_own_members(Instant now);
    void show_members(std::vector<Member> members, Instant now);
    void show_contacts(Instant now);
    [[nodiscard]] NodeView make() const;
    [[nodiscard]] std::vector<StandingProblem> problems() const;
    [[nodiscard]] MemberRole role() const;
    [[nodiscard]] bool role_may_differ() const;
    [[nodiscard]] std::string name_of(const NodeUuid& uuid) const;
    const Election& election_;
    const Identity& identity_;
    const AddressBook& book_;
    const FailedAddresses& faults_;
    const Instant started_;

    std::shared_ptr<const MembersView> members_ = std::make_shared<const MembersView>();
    std::uint64_t members_revision_ = 0;  // rises with each change but that of contacts
    bool own_members_due_ = false;
    std::optional<MemberRole> confirmed_role_;
    std::map<std::string, std::uint64_t> rejected_;
    std::uint64_t refusals_ = 0;
    Made made_;
    std::shared_ptr<const NodeView> view_;
};

}  // namespace electiond
