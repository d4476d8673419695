// Nothing but the place where GoogleTest's headers are precompiled (ELECTIOND_PCH).
