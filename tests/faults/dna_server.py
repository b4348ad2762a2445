"""A server of the binary's own for a fault: on an embedded database in a folder that goes with it."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

BINARY = pathlib.Path(__file__).resolve().parents[2] / "target" / "debug" / "dna-api"


class Server:
    """`listener`: a listening socket that is passed as a service manager would; else the server opens its own."""

    def __init__(self, binary, settings=None, listener=None, folder=None):
        self.own = folder is None
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="dna-fault-"))
        os.chmod(self.folder, 0o711)
        self.log = self.folder / "server.log"
        start = self.log.stat().st_size if self.log.exists() else 0
        env = {
            "PATH": os.environ["PATH"],
            "DNA_DATA_DIR": str(self.folder / "data"),
            "DNA_LISTEN": "127.0.0.1:0",
            "DNA_PUBLIC_URL": "http://api.test",
            "DNA_RATE_LIMIT": "0",
            "DNA_LOG": "warn,dna_api::cli=info",
        } | (settings or {})
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.chdir(self.folder)
                log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(log, 1)
                os.dup2(log, 2)
                if listener:
                    os.dup2(listener.fileno(), 3)
                    os.set_inheritable(3, True)
                    env |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
                os.closerange(4 if listener else 3, 65536)
                os.execve(binary, [str(binary), "serve"], env)
            finally:
                os._exit(127)
        self.port = self._wait_until_ready(start)

    def _wait_until_ready(self, start):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            found = re.search(r'listen="[^"]*:(\d+)"', self.said()[start:])
            if found:
                return int(found[1])
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                raise SystemExit(f"the server ended: {self.said()[start:]}")
            time.sleep(0.02)
        raise SystemExit("the server is not ready")

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rss(self):
        """Megabytes that the server has in memory."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def is_alive(self):
        return os.waitpid(self.pid, os.WNOHANG)[0] == 0

    def token(self):
        """An access token of the demo partner."""
        demo = dict(re.findall(r"^DNA_DEMO_(\w+)='?([^'\n]*)", (self.folder / "data" / "demo.env").read_text(), re.M))
        form = {name: demo[name.upper()] for name in ("client_id", "client_secret", "username", "password")}
        form = urllib.parse.urlencode(form | {"grant_type": "password"}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/oauth/token", form, timeout=30) as reply:
            return json.load(reply)["access_token"]

    def stop(self):
        """Tells it to stop and says how it ended: 0 is well."""
        os.kill(self.pid, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def remove(self):
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)


def listening_socket():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    return listener


def percentile(times, of):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * of))] if times else float("inf")
