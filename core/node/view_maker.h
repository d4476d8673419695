// Makes what is shown of a node beside its leadership: anew only where something in it has changed.
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

    // The leader that this node follows has sent its view of the members.
    void take_members(std::vector<Member> members, Instant now);
    // Our own view of the members, as the leader, has changed.
    void members_changed() { own_members_due_ = true; }
    // The leader that this node follows has confirmed our present role.
    void confirm_role() { confirmed_role_ = role(); }
    // A message was refused.
    void count_refusal(const std::string& reason);

    // Brings both views up to `now`: what has not changed stays the same object. A leader's members
    // are made anew each heartbeat interval, for the sake of their ages.
    void refresh(Instant now);
    [[nodiscard]] const std::shared_ptr<const NodeView>& view() const { return view_; }
    [[nodiscard]] const std::shared_ptr<const MembersView>& members() const { return members_; }

    // Members with the addresses that are known here, as a leader sends them.
    [[nodiscard]] std::vector<Member> with_addresses(std::vector<Member> members) const;

  private:
    // What tells views apart: where all of this is the same, so is the view.
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
        std::uint64_t faults = 0;  // of addresses; counts where a problem is shown

        bool operator==(const Made&) const = default;
    };

    [[nodiscard]] Made made_now() const;
    [[nodiscard]] bool is_current(MemberRole own) const;
    void refresh_own_members(Instant now);
    [[nodiscard]] NodeView make() const;
    [[nodiscard]] std::vector<StandingProblem> problems() const;
    [[nodiscard]] MemberRole role() const;
    [[nodiscard]] bool role_may_differ() const;
    [[nodiscard]] std::string name_of(const NodeUuid& uuid) const;
    [[nodiscard]] std::vector<NodeUuid> known_members() const;

    const Election& election_;
    const Identity& identity_;
    const AddressBook& book_;
    const FailedAddresses& faults_;
    const Instant started_;

    std::shared_ptr<const MembersView> members_ = std::make_shared<const MembersView>();
    std::uint64_t members_revision_ = 0;  // moves with all in them but their ages
    bool own_members_due_ = false;
    std::optional<MemberRole> confirmed_role_;
    std::map<std::string, std::uint64_t> rejected_;
    std::uint64_t refusals_ = 0;
    Made made_;
    std::shared_ptr<const NodeView> view_;
};

}  // namespace electiond
