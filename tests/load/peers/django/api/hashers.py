from hashlib import sha256

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher
from django.utils.crypto import constant_time_compare


class Argon2(Argon2PasswordHasher):
    """At the cost of the server's hashes."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1


class Sha256(BasePasswordHasher):
    """For secrets of 256 random bits, which nobody guesses."""

    algorithm = "sha256"

    def encode(self, password, salt):
        return f"{self.algorithm}${sha256(password.encode()).hexdigest()}"

    def verify(self, password, encoded):
        return constant_time_compare(encoded, self.encode(password, ""))

    def decode(self, encoded):
        return {"algorithm": self.algorithm, "hash": encoded.split("$", 1)[1], "salt": ""}

    def must_update(self, encoded):
        return False

    def harden_runtime(self, password, encoded):
        pass
