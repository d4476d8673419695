// Nothing but the place where the headers that tests share are precompiled (ELECTIOND_PCH).
