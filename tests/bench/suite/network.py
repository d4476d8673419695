"""A switch with one network namespace for each node: addresses, cables that can be cut, and what went through them."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Network:
    """Only inside the sandbox. Nodes are numbered from 1; namespaces are made once and used again."""

    def __init__(self):
        run("mount", "-t", "tmpfs", "none", "/run")  # ours alone, and writable also without root
        os.mkdir("/run/netns")
        for key in ("all", "default"):
            self._without_ipv6(key)  # its neighbour messages would be counted
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "switch", "type", "bridge")
        run("ip", "addr", "add", "10.0.0.254/24", "dev", "switch")
        run("ip", "link", "set", "switch", "up")
        self._nodes = {}
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    @staticmethod
    def _without_ipv6(key):
        try:
            with open(f"/proc/sys/net/ipv6/conf/{key}/disable_ipv6", "w", encoding="ascii") as file:
                file.write("1")
        except OSError:
            pass  # no IPv6 here

    @staticmethod
    def address(node):
        return f"10.0.0.{node}"

    def add(self, node):
        if node in self._nodes:
            return
        name = f"node{node}"
        run("ip", "netns", "add", name)
        self._nodes[node] = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        for key in ("all", "default"):
            subprocess.run(["ip", "netns", "exec", name, "sh", "-c",
                            f"echo 1 >/proc/sys/net/ipv6/conf/{key}/disable_ipv6"],
                           check=False, stderr=subprocess.DEVNULL)
        run("ip", "link", "add", f"port{node}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"port{node}", "master", "switch", "up")
        run("ip", "-n", name, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", name, "link", "set", device, "up")

    def enter(self, node):
        """For the child between fork and exec: it continues in the node's namespace."""
        if LIBC.setns(self._nodes[node], CLONE_NEWNET) != 0:
            os._exit(127)

    def _set_up(self, node, up):
        request = struct.pack("16sH14x", f"port{node}".encode(), 0)
        flags, = struct.unpack("16xH14x", fcntl.ioctl(self._control, SIOCGIFFLAGS, request))
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(self._control, SIOCSIFFLAGS, struct.pack("16sH14x", f"port{node}".encode(), flags))

    def cut(self, node):
        self._set_up(node, False)

    def mend(self, node):
        self._set_up(node, True)

    def sent(self, node):
        """(packets, bytes) that the node has sent; what it sent to itself does not count."""
        with open("/proc/net/dev", encoding="ascii") as file:
            for line in file:
                port, _, counts = line.partition(":")
                if port.strip() == f"port{node}":  # what the switch received from it: bytes, packets, …
                    size, packets = counts.split()[:2]
                    return int(packets), int(size)
        raise KeyError(node)
