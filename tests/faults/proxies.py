"""A real proxy in front of the program, with the configuration in `deploy/`: only addresses, paths and rates are changed."""

import os
import shutil
import socket
import subprocess

from ledger import Failed, ROOT, Skipped, die_with_parent, free_port, wait


class Proxy:
    """`servers`: the ports that it passes requests on to."""

    def __init__(self, kind, folder, servers):
        program = shutil.which(kind, path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise Skipped(f"there is no {kind}: install it (Debian: {kind})")
        self.port, self.folder = free_port(), os.path.join(folder, kind)
        os.mkdir(self.folder, 0o755)
        arguments = {"nginx": self._nginx, "haproxy": self._haproxy, "caddy": self._caddy}[kind](servers)
        self.log = open(os.path.join(self.folder, "output.log"), "wb")
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "CADDY_ADMIN": f"unix/{self._path('admin.sock')}"}
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=environment, preexec_fn=die_with_parent)
        wait(f"{kind} listens", self._listens)

    def _listens(self):
        if self.process.poll() is not None:
            with open(self.log.name, errors="replace") as log:
                raise Failed(f"the proxy ended: {log.read().strip()}")
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _nginx(self, servers):
        text = shipped("nginx/dna-api.conf")
        text = once(text, "listen 443 ssl default_server", f"listen 127.0.0.1:{self.port} default_server")
        text = once(text, "server 127.0.0.1:8080 ", "".join(f"server 127.0.0.1:{port} max_fails=0; " for port in servers[1:])
                    + f"server 127.0.0.1:{servers[0]} ")
        text = once(text, "rate=100r/s", "rate=100000r/s")
        text = "".join(line for line in text.splitlines(True) if "ssl_certificate" not in line)
        write(self._path("dna-api.conf"), text.replace("/var/log/nginx", self.folder))
        folders = "".join(f"{name}_temp_path {self._path(name)};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = write(self._path("nginx.conf"),
                     f"daemon off;\nmaster_process off;\npid {self._path('pid')};\nerror_log {self._path('error.log')} emerg;\n"
                     f"events {{ worker_connections 2000; }}\nhttp {{\n{folders}include {self._path('dna-api.conf')};\n}}\n")
        return ["-c", main, "-e", self._path("start.log")]

    def _haproxy(self, servers):
        text = shipped("haproxy/haproxy.cfg")
        text = once(text, "bind :443 ssl crt /etc/ssl/api.example.com.pem alpn http/1.1", f"bind 127.0.0.1:{self.port}")
        text = once(text, "log /dev/log local0", "log stdout format raw local0")
        text = once(text, "sc_http_req_rate(0) gt 200", "sc_http_req_rate(0) gt 100000")
        text = once(text, "    server one 127.0.0.1:8080", "".join(f"    server s{port} 127.0.0.1:{port}\n" for port in servers) + "    #")
        return ["-f", write(self._path("haproxy.cfg"), text)]

    def _caddy(self, servers):
        text = shipped("caddy/Caddyfile")
        text = once(text, "\napi.example.com {", f"\nhttp://:{self.port} {{\n\tbind 127.0.0.1")  # whatever the host
        text = once(text, "127.0.0.1:8080", " ".join(f"127.0.0.1:{port}" for port in servers))
        main = write(self._path("Caddyfile"), text.replace("/var/log/caddy", self.folder))
        return ["run", "--adapter", "caddyfile", "--config", main]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def shipped(name):
    with open(os.path.join(ROOT, "deploy", name)) as file:
        return file.read()


def once(text, old, new):
    if text.count(old) != 1:
        raise Failed(f"{old!r} is {text.count(old)} times in what is shipped")
    return text.replace(old, new)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path
