"""Runs the program again in network, mount and process namespaces of its own.

So every node has a network of its own that can be cut and counted, nothing collides with the rest of the machine, and
everything that was started ends with the program.
"""
import os
import shutil
import subprocess
import sys

MARK = "ELECTIOND_BENCH_SANDBOX"
SKIPPED = 77  # the exit code by which ctest knows that a test could not run here


def inside():
    return os.environ.get(MARK) == "yes"


def enter(argv):
    """Returns only if namespaces cannot be made; then it returns the reason."""
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        return "unshare (util-linux) and ip (iproute2) are needed"
    command = [unshare, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    if subprocess.run(command + ["true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return "namespaces cannot be made here: run it as root"
    os.environ[MARK] = "yes"
    sys.stdout.flush()
    os.execv(unshare, command + [sys.executable] + argv)
    return None
