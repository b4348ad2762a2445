"""Tokens: the password grant, and the check of a bearer's."""

import asyncio
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from time import time
from typing import NamedTuple
from uuid import UUID, uuid4

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import Request
from pydantic import BaseModel

from replies import Refused, json

ISSUER = "http://api.test"
LIFETIME = 1200
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm8gdXNlciBoYXMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
private_key = load_pem_private_key(Path(os.environ["PEER_KEY"]).read_bytes(), None)
public_key = private_key.public_key()


class TokenRequest(BaseModel):
    grant_type: str
    client_id: UUID
    client_secret: str
    username: str
    password: str
    scope: str = ""


class OAuthError(Exception):
    """RFC 6749 section 5.2."""

    def __init__(self, status, error, description):
        self.status = status
        self.body = {"error": error, "error_description": description, "message": description}


async def refused(_request, why):
    headers = {"WWW-Authenticate": 'Basic realm="DNA API"'} if why.status == 401 else None
    return json(why.body, why.status, headers)


def is_right(password, stored):
    try:
        return hasher.verify(stored, password)
    except Argon2Error:
        return False


async def token(pool, form):
    if form.grant_type != "password":
        raise OAuthError(400, "unsupported_grant_type", "The grant type is not supported.")
    client = await pool.fetchrow("select secret_hash, scope from oauth_clients where id = $1", form.client_id)
    secret_hash = sha256(form.client_secret.encode()).hexdigest()
    if client is None or not hmac.compare_digest(secret_hash, client["secret_hash"]):
        raise OAuthError(401, "invalid_client", "Client authentication failed.")
    user = await pool.fetchrow("select id, password_hash, scope from users where username = $1", form.username)
    stored = NOBODY if user is None else user["password_hash"]
    # It lets other threads run while it computes.
    if not await asyncio.to_thread(is_right, form.password, stored) or user is None:
        raise OAuthError(400, "invalid_grant", "The user credentials were incorrect.")
    both = set(user["scope"].split())
    granted = [scope for scope in client["scope"].split() if scope in both]
    asked = form.scope.split() or granted
    if not set(asked) <= set(granted):
        raise OAuthError(400, "invalid_scope", "The requested scope is invalid.")
    refresh_token = secrets.token_urlsafe(32)
    await pool.execute(
        """insert into refresh_tokens (token_hash, user_id, oauth_client_id, scope, expires_at)
           values ($1, $2, $3, $4, now() + interval '30 days')""",
        sha256(refresh_token.encode()).digest(),
        user["id"],
        form.client_id,
        " ".join(asked),
    )
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "access_token": access_token(str(user["id"]), str(form.client_id), asked),
        "refresh_token": refresh_token,
        "scope": " ".join(asked),
    }


def access_token(user, client, scopes):
    now, jti = int(time()), str(uuid4())
    claims = {
        "iss": ISSUER,
        "sub": user,
        "aud": [ISSUER, client],
        "client_id": client,
        "sid": str(uuid4()),
        "jti": jti,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "scope": " ".join(scopes),
        "scopes": scopes,
    }
    return jwt.encode(claims, private_key, "RS256", {"jti": jti, "kid": "peer"})


class Origin(NamedTuple):
    """Who asks."""

    user: str
    oauth_client: str
    request: str


def allowed(scope):
    """Who the bearer of a token with this scope is."""

    async def origin(request: Request) -> Origin:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, "unauthenticated", "A token is needed.", {"WWW-Authenticate": 'Bearer realm="DNA API"'})
        try:
            claims = jwt.decode(token, public_key, ["RS256"], audience=ISSUER, issuer=ISSUER, leeway=5)
        except jwt.InvalidTokenError:
            challenge = 'Bearer realm="DNA API", error="invalid_token"'
            raise Refused(401, "invalid_token", "The token is invalid.", {"WWW-Authenticate": challenge}) from None
        if scope not in claims["scopes"]:
            raise Refused(403, "insufficient_scope", f"The token has no {scope}.")
        return Origin(claims["sub"], claims["client_id"], str(uuid4()))

    return origin
