"""What the drills share: databases on clusters of their own, the program on them, and the commands of docs/operations.md,
carried out as they are printed there. Callers and the reckoning are those of the faults."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "faults"))
from ledger import ROOT, Failed, Ledger, Postgres, Program, Skipped, arguments, main, wait  # noqa: E402,F401

# So that a server that is told to stop does not wait for a balancer.
BRIEF = {"DNA_DRAIN_SECONDS": "1"}
SETTLED = ["pending", "active", "suspended"]
with open(os.path.join(ROOT, "docs/operations.md")) as file:
    DOCUMENTED = file.read()


def paste(command, **instead):
    """Carries out a command as operations.md prints it, with these values in place of its own: `of=(printed, meant)`."""
    if command not in DOCUMENTED:
        raise Failed(f"docs/operations.md does not have the command {command!r}")
    for printed, meant in instead.values():
        if printed not in command:
            raise Failed(f"{printed!r} is not in the command {command!r}")
        command = command.replace(printed, meant)
    done = subprocess.run(["sh", "-euc", command], cwd=ROOT, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    if done.returncode:
        raise Failed(f"{command}: {done.stderr.strip()}")


@contextlib.contextmanager
def folder():
    """A folder that the account of Postgres can pass through; gone afterwards, and logs are shown where it failed."""
    path = tempfile.mkdtemp(prefix="dna-drill-")
    os.chmod(path, 0o711)
    with contextlib.ExitStack() as stack:
        try:
            yield path, stack
        except Failed:
            for name in sorted(name for _, _, names in os.walk(path) for name in names if name.endswith(".log")):
                for where, _, names in os.walk(path):
                    if name in names:
                        with open(os.path.join(where, name), errors="replace") as log:
                            lines = [line for line in log if " INFO request" not in line]
                            sys.stderr.write("".join(f"{name}: {line}" for line in lines[-12:]))
            raise
        finally:
            stack.close()
            shutil.rmtree(path, ignore_errors=True)


class Installation:
    """A database as operations.md makes it, on a cluster of its own: with two roles, and the program as a server there."""

    def __init__(self, stack, path, binary, settings=()):
        os.makedirs(path, 0o755)
        self.postgres = Postgres(path)
        stack.callback(self.postgres.stop)
        self.postgres.start()
        wait("Postgres is ready", self.postgres.ready)
        self.owner, self.runtime = (self.postgres.url(role, "dna") for role in ("dna_owner", "dna_api"))
        self.make_roles()
        self.postgres.database = "dna"
        self.program = Program(binary, path, self.runtime, {"DNA_MIGRATE_DATABASE_URL": self.owner, **BRIEF, **dict(settings)})
        stack.callback(self.program.stop)

    def make_roles(self):
        paste("psql -v database=dna -v owner=dna_owner -v runtime=dna_api -f deploy/roles.sql "
              "'postgres://postgres@db.example.com/postgres'",
              url=("postgres://postgres@db.example.com/postgres", self.postgres.url()))

    def dump(self, to):
        paste("pg_dump --format=custom --file=dna.dump 'postgres://dna_owner@db.example.com/dna'",
              file=("dna.dump", to), url=("postgres://dna_owner@db.example.com/dna", self.owner))

    def restore(self, dump):
        """As documented: the rows, then what the planner and the feeds need."""
        url = ("postgres://dna_owner@db.example.com/dna", self.owner)
        paste("pg_restore --no-owner --no-privileges --exit-on-error --dbname='postgres://dna_owner@db.example.com/dna' dna.dump",
              file=("dna.dump", dump), url=url)
        paste("psql --command=analyze 'postgres://dna_owner@db.example.com/dna'", url=url)
        return self.program.command("migrate")


def end(program):
    """Tells a server to stop, as a service manager does."""
    if code := program.end():
        raise Failed(f"the server ended with {code}")


def deep(program):
    """What `check --deep` says of each table, once it has proved all whole."""
    done = subprocess.run([program.binary, "check", "--deep", "--json"], env=program.environment, capture_output=True,
                          text=True, cwd=program.folder)
    findings = json.loads(done.stdout or "[]")
    failed = [f"{finding['check']}: {finding['detail']}" for finding in findings if not finding["ok"]]
    tables = {finding["table"]: (finding["rows"], finding["digest"]) for finding in findings if "table" in finding}
    if done.returncode or failed or not tables:
        raise Failed("check --deep: " + ("; ".join(failed) or done.stderr.strip() or "no table was told of"))
    return tables


def compare(before, after, but=()):
    """Fails where a table is not what it was."""
    differ = [name for name in {*before, *after} - {*but} if before.get(name) != after.get(name)]
    if differ:
        raise Failed("; ".join(f"{name} was {before.get(name)} and is {after.get(name)}" for name in sorted(differ)))
    return len(before), sum(rows for rows, _ in before.values())


class Session:
    """A partner's program: its login, and what it does with it."""

    def __init__(self, program, account):
        self.account = {name: account[name] for name in ("client_id", "client_secret", "username", "password")}
        self.tokens = self._token(program, grant_type="password", username=account["username"], password=account["password"])

    def _token(self, program, **form):
        secret = {name: self.account[name] for name in ("client_id", "client_secret")}
        status, _, body = program.request("POST", "/api/oauth/token", {**form, **secret})
        if status != 200:
            raise Failed(f"no token for {form['grant_type']}: {status} {body}")
        return body

    @property
    def access(self):
        return self.tokens["access_token"]

    def goes_on(self, program):
        """The tokens of before are good: the old access token reads and writes, the refresh token brings another."""
        headers = {"Authorization": f"Bearer {self.access}"}
        for method, path, form, good in (
                ("GET", "/api/residential/client?limit=1", None, 200), ("GET", "/api/residential/event?limit=1", None, 200),
                ("POST", "/api/residential/client", NEW, 201)):
            status, _, body = program.request(method, path, form, headers)
            if status != good:
                raise Failed(f"{method} {path} with the access token of before: {status} {body}")
        self.tokens = self._token(program, grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])


NEW = {"has_subreseller_id": "false", "email": "steve@example.com", "first_name": "Steve", "last_name": "Harris",
       "zipcode": "33134", "address": "1 Main St", "same_billing_address": "true"}


def demo(data):
    """The demo partner's account of an embedded database."""
    with open(os.path.join(data, "demo.env")) as file:
        found = dict(re.findall(r"^DNA_DEMO_(\w+)='?([^'\n]*)", file.read(), re.M))
    return {name.lower(): value for name, value in found.items()}
