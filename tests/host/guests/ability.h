// An ability that a later SDK might add: an interface of its own, which the host finds by a cast.
#pragma once

#include <electiond/error.h>

namespace electiond {

class ELECTIOND_EXPORT Ability {
  public:
    virtual ~Ability() = default;
    [[nodiscard]] virtual int number() const = 0;
};

}  // namespace electiond
