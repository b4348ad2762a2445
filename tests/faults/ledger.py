"""What the fault scripts share: a database of their own, the program on it, callers that write down what was
acknowledged, and the reckoning afterwards. Python's standard library, the program and Postgres's own programs do."""

import argparse
import contextlib
import ctypes
import glob
import http.client
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CLIENT = "/api/residential/client"


class Failed(Exception):
    """What was to be shown does not hold."""


class Skipped(Exception):
    """This machine cannot do it."""


def arguments(about, **counts):
    """The command line of a script: `name=(default, help)` each, or a tuple of what may be chosen for the default."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--binary", type=os.path.realpath, default=os.path.join(ROOT, "target/debug/dna-api"),
                        help="the program (%(default)s)")
    parser.add_argument("--callers", type=int, default=8, help="callers at the same time (%(default)s)")
    for name, (default, help_text) in counts.items():
        choices = default if isinstance(default, tuple) else None
        default = choices[0] if choices else default
        parser.add_argument("--" + name, type=type(default), choices=choices, default=default, help=help_text + " (%(default)s)")
    return parser.parse_args()


def main(work):
    """Runs a script: one line of figures and 0, or what went wrong and 1. Where the machine cannot, it says so: 2."""
    # So that `finally` cleans up after us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        print(work())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    except Skipped as skipped:
        print(f"NOT RUN: {skipped}", file=sys.stderr)
        sys.exit(2)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait(what, holds, seconds=30.0):
    """How long it took until `holds` did."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > seconds:
            raise Failed(f"not in {seconds:g} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - start


def postgres_programs():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
    found = folders[-1] if folders else os.path.dirname(os.path.realpath(shutil.which("initdb") or "/"))
    if not os.access(os.path.join(found, "initdb"), os.X_OK):
        raise Failed("there is no Postgres: install it (Debian: postgresql)")
    return found


def percentile(times, of):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * of))] if times else float("inf")


def die_with_parent():
    # PR_SET_PDEATHSIG: whatever becomes of this script, nothing of it stays.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Postgres:
    """A throw-away Postgres that syncs what it commits, on a socket or an address, as another account where we are root.
    `database` is where it is looked into."""

    database = "postgres"

    def __init__(self, folder, address=None, settings=(), inside=(), data=None):
        self.bin, self.folder, self.address, self.inside = postgres_programs(), folder, address, list(inside)
        self.data = data or os.path.join(folder, "data")
        self.port = free_port()
        self.settings = ["fsync=on", "max_connections=200", "logging_collector=off", *settings]
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        os.chmod(folder, 0o755)
        self.sockets = os.path.join(folder, "sockets")
        for path in (self.data, self.sockets):
            os.makedirs(path, 0o700, exist_ok=True)
            if self.account:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        self._run([os.path.join(self.bin, "initdb"), "-D", self.data, "-U", "dna", "-A", "trust", "-E", "UTF8", "--locale=C",
                   "--no-instructions"])
        if address:
            with open(os.path.join(self.data, "pg_hba.conf"), "a") as file:
                file.write("host all all 0.0.0.0/0 trust\n")
        self.log = open(os.path.join(folder, "postgres.log"), "ab")
        self.process = None

    def _as(self):
        if not self.account:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def _run(self, command):
        done = subprocess.run(command, capture_output=True, cwd="/", **self._as())
        if done.returncode:
            raise Failed(f"{command[0]}: {done.stderr.decode().strip()}")

    def start(self):
        command = [os.path.join(self.bin, "postgres"), "-D", self.data, "-p", str(self.port), "-k", self.sockets,
                   "-c", f"listen_addresses={self.address or ''}"]
        for setting in self.settings:
            command += ["-c", setting]
        if self.inside:
            # Taking another account is left to the inside: who enters a namespace is root.
            command = self.inside + (["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
                                     if self.account else []) + command
        identity = {} if self.inside else self._as()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd="/", preexec_fn=die_with_parent,
                                        start_new_session=True, **identity)

    def url(self, role="dna", database="postgres"):
        if self.address:
            return f"postgres://{role}@{self.address}:{self.port}/{database}"
        return f"postgres://{role}@localhost:{self.port}/{database}?host={urllib.parse.quote(self.sockets, safe='')}"

    def ask(self, sql):
        """The rows of a query, each a list of texts."""
        done = subprocess.run([os.path.join(self.bin, "psql"), "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h",
                               self.sockets, "-p", str(self.port), "-U", "dna", "-d", self.database, "-c", sql],
                              capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"psql: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def ready(self):
        command = [os.path.join(self.bin, "pg_isready"), "-q", "-h", self.sockets, "-p", str(self.port), "-U", "dna", "-d", "postgres", "-t", "1"]
        return subprocess.run(command).returncode == 0

    def everyone(self):
        """The postmaster and its children."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [self.process.pid, *map(int, children.stdout.split())]

    def signal(self, number):
        for pid in self.everyone():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """As a power cut would: the postmaster, and its children with it."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()
        self.log.close()


class Program:
    """The program, serving on one port however often it starts, and a partner's account."""

    def __init__(self, binary, folder, database_url, settings=()):
        if not os.access(binary, os.X_OK):
            raise Failed(f"there is no program {binary}: build it with `cargo build`, or name it with --binary")
        self.binary, self.folder, self.port = binary, folder, free_port()
        self.environment = {
            "PATH": os.environ["PATH"], "DATABASE_URL": database_url, "DNA_MASTER_KEY": KEY, "DNA_LISTEN": f"127.0.0.1:{self.port}",
            "DNA_PUBLIC_URL": "http://api.test", "DNA_SIGNING_KEY_BITS": "2048", "DNA_RATE_LIMIT": "0",
            "DNA_DATA_DIR": os.path.join(folder, "unused"), **dict(settings)}
        self.log = open(os.path.join(folder, "dna-api.log"), "ab")
        self.process = self.listener = None

    def command(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--json"], env=self.environment, capture_output=True, text=True,
                              cwd=self.folder)
        if done.returncode:
            raise Failed(f"dna-api {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def start(self, wait_until_ready=True):
        command, passed = [self.binary, "serve"], ()
        if self.listener:
            # The number of the process is to be known to it alone, so the shell becomes it.
            passed = [self.listener.fileno()]
            command = ["sh", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" serve 3<&{passed[0]}', self.binary]
        self.process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, cwd=self.folder, pass_fds=passed, preexec_fn=die_with_parent)
        if wait_until_ready:
            wait("the server is ready", self._is_ready)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise Failed(f"the server ended: {self.said()[-2000:]}")
        return self.status("/readyz") == 200

    def keep_socket(self):
        """From the next start on the socket is passed to it, as a service manager would."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=4096)

    def end(self):
        """Tells it to stop, as a service manager does, and says how it ended: 0 is well."""
        self.process.terminate()
        return self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.log.close()
        if self.listener:
            self.listener.close()

    def said(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def memory(self):
        """Megabytes that are resident."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024

    def request(self, method, path, form=None, headers=(), timeout=60.0):
        """Status, headers and JSON of a reply. Raises OSError or http.client.HTTPException where there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            body = urllib.parse.urlencode(form) if form is not None else None
            sent = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
            connection.request(method, path, body, {**sent, **dict(headers)})
            reply = connection.getresponse()
            return reply.status, reply.headers, json.loads(reply.read() or b"null")
        finally:
            connection.close()

    def status(self, path):
        try:
            return self.request("GET", path, timeout=5.0)[0]
        except (OSError, http.client.HTTPException):
            return 0

    def log_in(self, account):
        form = {"grant_type": "password", **{name: account[name] for name in
                ("client_id", "client_secret", "username", "password")}}
        status, _, body = self.request("POST", "/api/oauth/token", form)
        if status != 200:
            raise Failed(f"no token: {status} {body}")
        return body["access_token"]


class Ledger:
    """Callers that create clients and change their status, each under a key that they repeat until it is answered; what
    was acknowledged, and what went wrong."""

    def __init__(self, program, token, callers, again=(409, 503)):
        self.program, self.token, self.again = program, token, again
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.clients = {}      # customer_id -> (id, status) as acknowledged
        self.uncertain = {}    # customer_id -> the status that was asked for last, unanswered
        self.replies = {}      # status -> how many
        self.refusals = []     # when, and with which status
        self.broken = 0        # connections that ended without a reply
        self.slowest = 0.0     # of refusals with 503
        self.wrong = []        # what should not have been said
        self.successes = []    # when
        self.threads = [threading.Thread(target=self._call, args=(n,), daemon=True) for n in range(callers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def _call(self, number):
        while not self.stopping.is_set():
            customer = f"{number}-{uuid.uuid4()}"
            form = {"has_subreseller_id": "false", "email": "steve@example.com", "first_name": "Steve",
                    "last_name": random.choice(["Harris", "Vaughan", "Albini"]), "zipcode": "33134", "address": "1 Main St",
                    "same_billing_address": "true", "customer_id": customer}
            with self.lock:
                self.uncertain[customer] = "pending"
            created = self._until_answered("POST", CLIENT, form)
            if created is None:
                return
            client = created["client"]["id"]
            with self.lock:
                del self.uncertain[customer]
                self.clients[customer] = (client, "pending")
            for action, status in (("activate", "active"), ("suspend", "suspended")):
                with self.lock:
                    self.uncertain[customer] = status
                done = self._until_answered("POST", f"{CLIENT}/{client}/{action}", {})
                if done is None:
                    return
                with self.lock:
                    del self.uncertain[customer]
                    self.clients[customer] = (client, status)

    def _until_answered(self, method, path, form):
        """The same request, under one key, until it is carried out; none where the test is over."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        while not self.stopping.is_set():
            start = time.monotonic()
            try:
                status, said, body = self.program.request(method, path, form, headers)
            except (OSError, http.client.HTTPException, ValueError):
                with self.lock:
                    self.broken += 1
                time.sleep(0.02)
                continue
            took = time.monotonic() - start
            with self.lock:
                self.replies[status] = self.replies.get(status, 0) + 1
                if status in (200, 201):
                    self.successes.append(time.monotonic())
                    return body
                self.refusals.append((time.monotonic(), status))
                # Another attempt of ours may still be running: that one is told to wait.
                if status not in self.again or "Retry-After" not in said:
                    self.wrong.append(f"{status} {body}")
                if status == 503:
                    self.slowest = max(self.slowest, took)
            time.sleep(0.05)
        return None

    def first_success_after(self, moment, seconds=30.0):
        """How long after a moment the first request succeeded."""
        found = []

        def holds():
            with self.lock:
                found[:] = [at for at in self.successes[-200:] if at >= moment][:1]
            return bool(found)
        wait("a request succeeds again", holds, seconds)
        return found[0] - moment

    def acknowledged(self):
        with self.lock:
            return sum(self.replies.get(status, 0) for status in (200, 201))

    def reckon(self, postgres, connections_may_break=False):
        """Fails where an acknowledged write is gone, one was applied twice, or a caller was told what it should not be."""
        rows = postgres.ask("select customer_id, id, status, ns_domain from clients")
        events = postgres.ask("select client_id, to_status, count(*) from client_events group by 1, 2")
        there = {customer: (int(client), status) for customer, client, status, _ in rows}
        if len({row[3] for row in rows}) != len(rows) or len(there) != len(rows):
            raise Failed("a client was created twice")
        lost = [f"{customer}: {have} was acknowledged, {there.get(customer)} is there" for customer, have in
                self.clients.items() if there.get(customer) != have
                and not (customer in self.uncertain and there.get(customer) == (have[0], self.uncertain[customer]))]
        twice = [row for row in events if row[2] != "1"]
        told = {(int(client), status) for client, status, _ in events}
        halves = [row for row in there.values() if row not in told]
        unknown = [customer for customer in there if customer not in self.clients and customer not in self.uncertain]
        for what, found in (("lost", lost), ("applied twice", twice), ("without its event", halves),
                            ("nobody asked for", unknown), ("wrong replies", self.wrong)):
            if found:
                raise Failed(f"{len(found)} {what}, such as {found[0]}")
        if self.broken and not connections_may_break:
            raise Failed(f"{self.broken} connections ended without a reply")
        if not self.acknowledged():
            raise Failed("nothing was acknowledged: nothing was tested")

    def figures(self):
        refused = sum(count for status, count in self.replies.items() if status in (503, 409))
        return f"{self.acknowledged()} acknowledged, 0 lost, 0 twice, {refused} told to try again, slowest 503 {self.slowest:.2f} s"


class Health(threading.Thread):
    """Asks `/healthz` all the time: it answers throughout."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.over, self.asked, self.slowest, self.failed = program, threading.Event(), 0, 0.0, 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(10)

    def run(self):
        while not self.over.is_set():
            start = time.monotonic()
            self.failed += self.program.status("/healthz") != 200
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - start)
            time.sleep(0.05)

    def reckon(self):
        if self.failed or not self.asked or self.slowest > 2:
            raise Failed(f"/healthz failed {self.failed} of {self.asked} times, its slowest reply took {self.slowest:.2f} s")


@contextlib.contextmanager
def stage(given, cluster=None, serving=(), **database):
    """A Postgres, or what stands for one, the program on it with these settings more, and callers' token: all gone
    afterwards, and the logs shown where it failed."""
    folder = tempfile.mkdtemp(prefix="dna-fault-")
    postgres = (cluster or Postgres)(folder, **database)
    program = None
    try:
        postgres.start()
        wait("Postgres is ready", postgres.ready)
        program = Program(given.binary, folder, postgres.url(), serving)
        program.start()
        token = program.log_in(program.command("partner", "add", "Acme"))
        yield postgres, program, token
    except Failed:
        for name in sorted(name for name in os.listdir(folder) if name.endswith(".log")):
            with contextlib.suppress(OSError), open(os.path.join(folder, name), errors="replace") as log:
                lines = [line for line in log if " INFO request" not in line]
                defects = [line for line in lines if "status=500" in line]
                sys.stderr.write("".join(f"{name}: {line}" for line in defects[:4] + lines[-12:]))
        raise
    finally:
        if program:
            program.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
