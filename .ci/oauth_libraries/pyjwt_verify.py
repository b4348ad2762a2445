"""PyJWT: an access token is verified through the JWKS URL alone."""

import os

import jwt
import requests

issuer = os.environ["ISSUER"]
server = requests.get(issuer + "/.well-known/oauth-authorization-server", timeout=10).json()
login = {
    "grant_type": "password", "client_id": os.environ["CLIENT_ID"], "client_secret": os.environ["CLIENT_SECRET"],
    "username": os.environ["USERNAME"], "password": os.environ["PASSWORD"],
}
token = requests.post(server["token_endpoint"], data=login, timeout=10).json()["access_token"]

key = jwt.PyJWKClient(server["jwks_uri"]).get_signing_key_from_jwt(token)
wanted = {"algorithms": ["RS256"], "issuer": issuer, "options": {"require": ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]}}
claims = jwt.decode(token, key, audience=issuer, **wanted)
assert claims["client_id"] == os.environ["CLIENT_ID"] and claims["exp"] - claims["iat"] == 1200, claims
jwt.decode(token, key, audience=os.environ["CLIENT_ID"], **wanted)

head, payload, signature = token.split(".")
for forged in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload[:-4]}AAAA.{signature}"):
    try:
        jwt.decode(forged, key, audience=issuer, **wanted)
        raise AssertionError("a forged token was taken")
    except jwt.InvalidTokenError:
        pass
