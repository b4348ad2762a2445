"""Two Postgres servers under Patroni, which agree by etcd, behind HAProxy with the configuration in `deploy/`."""

import http.client
import json
import os
import pwd
import shutil
import signal
import subprocess

from ledger import Failed, Skipped, die_with_parent, free_port, postgres_programs, wait
from proxies import once, shipped, write

HOST = "127.0.0.1"


class Member:
    """A Postgres and its Patroni."""

    def __init__(self, name, folder, etcd):
        self.name, self.folder = name, os.path.join(folder, name)
        self.port, self.api = free_port(), free_port()
        os.mkdir(self.folder, 0o700)
        self.data = os.path.join(self.folder, "data")
        # JSON is YAML. A commit is acknowledged once the other one has it, as long as there is another one.
        configuration = {
            "scope": "dna", "name": name,
            "restapi": {"listen": f"{HOST}:{self.api}", "connect_address": f"{HOST}:{self.api}"},
            "etcd3": {"hosts": f"{HOST}:{etcd}"},
            "bootstrap": {
                "dcs": {"ttl": 20, "loop_wait": 2, "retry_timeout": 5, "synchronous_mode": True,
                        "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 200}}},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
                "pg_hba": [f"{what} {HOST}/32 trust" for what in ("host all all", "host replication all")] + ["local all all trust"]},
            "postgresql": {
                "listen": f"{HOST}:{self.port}", "connect_address": f"{HOST}:{self.port}", "data_dir": self.data,
                "pgpass": os.path.join(self.folder, "pgpass"),
                "bin_dir": postgres_programs(), "parameters": {"unix_socket_directories": self.folder},
                "authentication": {who: {"username": name, "password": "none"} for who, name in
                                   (("superuser", "dna"), ("replication", "copier"), ("rewind", "rewinder"))}}}
        self.configuration = write(os.path.join(folder, f"{name}.yml"), json.dumps(configuration))
        self.log = open(os.path.join(folder, f"{name}.log"), "ab")
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        self.process = None

    def start(self):
        identity = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        self.process = subprocess.Popen(["patroni", self.configuration], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, cwd="/", preexec_fn=die_with_parent, **identity)

    def asked(self, path):
        """The status of Patroni's own API."""
        connection = http.client.HTTPConnection(HOST, self.api, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def kill(self):
        """As a power cut would: Patroni, the postmaster and its children."""
        self.process.kill()
        self.process.wait()
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as file:
                postmaster = int(file.readline())
        except (OSError, ValueError):
            return
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True)
        for pid in [postmaster, *map(int, children.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Cluster:
    """What `ledger.stage` wants of a Postgres, and more."""

    def __init__(self, folder):
        for program in ("patroni", "patronictl", "etcd", "haproxy"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                raise Skipped(f"there is no {program}: install it (Debian: patroni, etcd-server, haproxy)")
        os.chmod(folder, 0o755)
        self.folder, self.bin = folder, postgres_programs()
        etcd, peer, self.port = free_port(), free_port(), free_port()
        self.log = open(os.path.join(folder, "etcd.log"), "ab")
        self.others = [self._run("etcd", "--data-dir", os.path.join(folder, "etcd"), "--name", "dna", "--log-level", "error",
                                 *self._urls(etcd, "client"), *self._urls(peer, "peer"),
                                 "--initial-cluster", f"dna=http://{HOST}:{peer}")]
        self.members = [Member(name, folder, etcd) for name in ("one", "two")]
        text = shipped("haproxy/postgres.cfg")
        text = once(once(text, "bind 127.0.0.1:5432", f"bind {HOST}:{self.port}"), "log /dev/log local0", "log stdout format raw local0")
        for number, member in enumerate(self.members, 1):
            text = once(text, f"10.0.0.{number}:5432 port 8008", f"{HOST}:{member.port} port {member.api}")
        self.proxy = write(os.path.join(folder, "postgres.cfg"), text)

    def _urls(self, port, kind):
        url = f"http://{HOST}:{port}"
        advertised = "--initial-advertise-peer-urls" if kind == "peer" else "--advertise-client-urls"
        return [f"--listen-{kind}-urls", url, advertised, url]

    def _run(self, *command):
        program = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin")
        return subprocess.Popen([program, *command[1:]], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder,
                                preexec_fn=die_with_parent)

    def start(self):
        self.members[0].start()
        wait("there is a primary", self.primary, 60)
        self.members[1].start()
        self.wait_until_whole()
        self.others.append(self._run("haproxy", "-f", self.proxy))
        # Until its first checks have failed, HAProxy takes the standby for a primary too.
        wait("HAProxy knows who leads", self._proxy_knows)

    def _proxy_knows(self):
        with open(self.log.name, errors="replace") as log:
            return "/two is DOWN" in log.read()

    def primary(self):
        return next((member for member in self.members if member.asked("/primary") == 200), None)

    def other(self, member):
        return self.members[1 - self.members.index(member)]

    def wait_until_whole(self):
        """Until one is primary and the other has all that was committed."""
        wait("the other one follows", lambda: any(m.asked("/synchronous") == 200 for m in self.members) and self.primary(), 120)

    def switch_over(self):
        """As before maintenance; returns once the other one leads."""
        leader = self.primary()
        done = subprocess.run(["patronictl", "-c", leader.configuration, "switchover", "--force", "--master", leader.name,
                               "--candidate", self.other(leader).name, "dna"], capture_output=True, text=True)
        if done.returncode or "Successfully switched over" not in done.stdout:
            raise Failed(f"no switchover: {done.stdout.strip()} {done.stderr.strip()}")

    def url(self):
        return f"postgres://dna@{HOST}:{self.port}/postgres"

    def ready(self):
        command = [os.path.join(self.bin, "pg_isready"), "-q", "-h", HOST, "-p", str(self.port), "-U", "dna", "-d", "postgres", "-t", "1"]
        return subprocess.run(command).returncode == 0

    def ask(self, sql):
        """The rows of a query to the primary, each a list of texts."""
        done = subprocess.run([os.path.join(self.bin, "psql"), "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p",
                               str(self.port), "-U", "dna", "-d", "postgres", "-c", sql], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"psql: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def stop(self):
        for member in self.members:
            if member.process:
                member.kill()
            member.log.close()
        for process in self.others:
            process.kill()
            process.wait()
        self.log.close()
