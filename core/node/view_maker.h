// Makes what is shown of a node beside its leadership: anew only where something in it has changed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/address_book.h"
#include "node/identity.h"
#include "node/status.h"

namespace electiond {

// Owned by Node, loop thread only. The references are borrowed and must outlive it.
class ViewMaker {
  public:
    ViewMaker(const Election& election, const Identity& identity, const AddressBook& book,
              Instant started)
        : election_(election), identity_(identity), book_(book), started_(started) {}

    // The leader that this node follows has sent its view of the members.
    void take_members(std::vector<Member> members, Instant now);
    // Our own view of the members, as the leader, has changed.
    void members_changed() { own_members_changed_ = true; }
    // The leader that this node follows has confirmed our present role.
    void confirm_role() { confirmed_role_ = role(); }
    // A message was refused.
    void count_refusal(const std::string& reason);

    // The view as it is now: the same object as before if nothing in it has changed. A leader's
    // view of the members is made anew each heartbeat interval, for the sake of their ages.
    [[nodiscard]] const std::shared_ptr<const NodeView>& view(Instant now);

    // Members with the addresses that are known here, as a leader sends them.
    [[nodiscard]] std::vector<Member> with_addresses(std::vector<Member> members) const;

  private:
    // What tells views apart: where all of this is the same, so is the view.
    struct Made {
        std::uint64_t book = 0;
        std::uint64_t refusals = 0;
        std::optional<Instant> members_at{};
        ConfigNumber config{};
        MemberRole role = MemberRole::joining;
        bool role_confirmed = false;
        bool eligible = false;
        std::string cluster_id{};
        NodeUuid voted_for{};
        std::optional<Followed> followed{};
        NodeId hearsay_id{};
        NodeUuid hearsay_uuid{};

        bool operator==(const Made&) const = default;
    };

    [[nodiscard]] Made made_now() const;
    [[nodiscard]] bool is_current(MemberRole own) const;
    void refresh_own_members(Instant now);
    [[nodiscard]] NodeView make() const;
    [[nodiscard]] MemberRole role() const;
    [[nodiscard]] std::string name_of(const NodeUuid& uuid) const;
    [[nodiscard]] std::vector<NodeUuid> known_members() const;

    const Election& election_;
    const Identity& identity_;
    const AddressBook& book_;
    const Instant started_;

    std::vector<Member> members_;  // our own as the leader, else the leader's last word
    std::optional<Instant> members_at_;
    bool own_members_changed_ = false;
    std::optional<MemberRole> confirmed_role_;
    std::map<std::string, std::uint64_t> rejected_;
    std::uint64_t refusals_ = 0;
    Made made_;
    std::shared_ptr<const NodeView> view_;
};

}  // namespace electiond
