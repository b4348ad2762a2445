"""A database host of its own, as far as the network goes: a namespace at the other end of a pair of interfaces, which can
be cut without a word to either end. Needs root, `ip` (iproute2) and `nft` (nftables)."""

import contextlib
import os
import shutil
import subprocess

from ledger import Failed, Skipped

HERE, THERE = "10.213.77.1", "10.213.77.2"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")


class Host:
    """The other host."""

    def __init__(self, name):
        self.name = name
        self.inside = ["ip", "netns", "exec", name]

    def cut(self):
        """From now on not a packet passes, either way: nothing is closed, nothing is refused."""
        rules = "table inet dna_fault {\n" + "".join(
            f"chain {way} {{\n type filter hook {way} priority 0; policy drop;\n}}\n" for way in ("input", "output")) + "}\n"
        done = subprocess.run([*self.inside, "nft", "-f", "-"], input=rules, text=True, capture_output=True)
        if done.returncode:
            raise Failed(f"nft: {done.stderr.strip()}")

    def mend(self):
        run(*self.inside, "nft", "delete", "table", "inet", "dna_fault")


@contextlib.contextmanager
def host():
    """One for as long as it is needed."""
    if os.geteuid() != 0:
        raise Skipped("a network of its own takes root")
    for tool in ("ip", "nft", "setpriv"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise Skipped(f"there is no `{tool}`: install iproute2, nftables and util-linux")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    name = f"dna{os.getpid()}"
    link = f"d{os.getpid()}"
    try:
        try:
            run("ip", "netns", "add", name)
            run("ip", "link", "add", link + "a", "type", "veth", "peer", "name", link + "b")
            run("ip", "link", "set", link + "b", "netns", name)
            run("ip", "addr", "add", HERE + "/30", "dev", link + "a")
            run("ip", "link", "set", link + "a", "up")
            run("ip", "-n", name, "addr", "add", THERE + "/30", "dev", link + "b")
            run("ip", "-n", name, "link", "set", link + "b", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        except Failed as failed:
            raise Skipped(f"this machine makes no network: {failed}") from failed
        yield Host(name)
    finally:
        subprocess.run(["ip", "link", "del", link + "a"], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
