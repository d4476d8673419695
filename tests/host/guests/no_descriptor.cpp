// A shared library like any other, which is no plugin.
#include <electiond/error.h>

extern "C" ELECTIOND_EXPORT int answer() { return 42; }
