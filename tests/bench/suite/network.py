"""A switch with one network namespace for each node: addresses, cables that can be cut, and what went through them."""
import ctypes
import os
import socket
import struct
import subprocess

# linux/rtnetlink.h, linux/if_link.h, linux/if_bridge.h
RTM_SETLINK, NLM_F_REQUEST, NLM_F_ACK, NESTED, IFLA_PROTINFO, IFLA_BRPORT_STATE = 19, 1, 4, 0x8000, 12, 1
DISABLED, FORWARDING = 0, 3
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
        self._nodes, self._ports = {}, {}
        self._control = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)

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
        self._ports[node] = socket.if_nametoindex(f"port{node}")
        run("ip", "-n", name, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", name, "link", "set", device, "up")

    def enter(self, node):
        """For the child between fork and exec: it continues in the node's namespace."""
        if LIBC.setns(self._nodes[node], CLONE_NEWNET) != 0:
            os._exit(127)

    def _set_port(self, node, state):
        """One message of netlink, so that it takes effect at once; a command would take some ms until then."""
        attribute = struct.pack("=HHHHB3x", 12, NESTED | IFLA_PROTINFO, 5, IFLA_BRPORT_STATE, state)
        body = struct.pack("=BxHiII", socket.AF_BRIDGE, 0, self._ports[node], 0, 0) + attribute
        head = struct.pack("=IHHII", 16 + len(body), RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0)
        self._control.send(head + body)
        error, = struct.unpack_from("=i", self._control.recv(4096), 16)
        if error:
            raise OSError(-error, f"the port of node {node} cannot be switched: {os.strerror(-error)}")

    def cut(self, node):
        """The switch forwards nothing from or to the node, which still sees a carrier: it has to miss the others."""
        self._set_port(node, DISABLED)

    def mend(self, node):
        self._set_port(node, FORWARDING)

    def sent(self, node):
        """(packets, bytes) that the node has sent; what it sent to itself does not count."""
        with open("/proc/net/dev", encoding="ascii") as file:
            for line in file:
                port, _, counts = line.partition(":")
                if port.strip() == f"port{node}":  # what the switch received from it: bytes, packets, …
                    size, packets = counts.split()[:2]
                    return int(packets), int(size)
        raise KeyError(node)
