"""What the runner needs of a part of the benchmark."""


class Part:
    """Measures cases, each so many times, with a cluster of each subject that offers what the case needs."""

    name = ""
    by_machine = False  # no subject: the machine itself is measured
    fewest = 1  # trials, also of subjects that do fewer
    started = True  # the cluster runs and has settled before measure()

    def groups(self, options):
        """Cases that may use one cluster after the other, with its timers: [(timers, [case, …]), …]."""
        raise NotImplementedError

    def sizes(self, options):
        return options.nodes

    def trials(self, options):
        return options.trials

    def can(self, kind, case):
        """Whether this class of subjects can be measured."""
        return True

    def missing(self, options):
        """Which program is missing, so that nothing can be measured; or None."""
        return None

    def seconds(self, kind, timers, options):
        """About how long a trial takes; `kind` is None for the machine itself."""
        raise NotImplementedError

    def measure(self, cluster, case, add, options):
        """One trial: calls add(kind, value) for each figure."""
        raise NotImplementedError
