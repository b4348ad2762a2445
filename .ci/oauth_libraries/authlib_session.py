"""Authlib, as its documentation uses it: discovery, a login by HTTP Basic, a refresh, introspection and revocation."""

import os

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
import requests

issuer = os.environ["ISSUER"]
server = requests.get(issuer + "/.well-known/oauth-authorization-server", timeout=10).json()
assert server["issuer"] == issuer, server

session = OAuth2Session(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], scope="client:create client:activate",
    token_endpoint_auth_method="client_secret_basic", token_endpoint=server["token_endpoint"],
)
login = {"username": os.environ["USERNAME"], "password": os.environ["PASSWORD"]}
first = dict(session.fetch_token(server["token_endpoint"], grant_type="password", **login))
assert first["token_type"] == "Bearer", first.keys()

second = dict(session.refresh_token(server["token_endpoint"], refresh_token=first["refresh_token"]))
assert second["access_token"] != first["access_token"] and second["refresh_token"] != first["refresh_token"]

told = session.introspect_token(server["introspection_endpoint"], token=second["access_token"]).json()
assert told["active"] is True and told["scope"] == "client:create client:activate", told
assert told["client_id"] == os.environ["CLIENT_ID"], told

reply = session.revoke_token(server["revocation_endpoint"], token=second["refresh_token"])
assert reply.status_code == 200, reply.text
told = session.introspect_token(server["introspection_endpoint"], token=second["refresh_token"]).json()
assert told == {"active": False}, told

try:
    session.refresh_token(server["token_endpoint"], refresh_token=second["refresh_token"])
    raise AssertionError("a revoked refresh token was taken")
except OAuthError as error:
    assert error.error == "invalid_grant", error.error
