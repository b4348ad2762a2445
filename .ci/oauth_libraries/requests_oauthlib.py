"""requests-oauthlib, as its documentation uses it: a login, a client, a refresh that it makes by itself."""

import os
import sys

# `python FILE` puts the file's own folder first, where this file hides the library of the same name.
sys.path.pop(0)

from oauthlib.oauth2 import LegacyApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, on this machine
issuer, client_id, client_secret = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
token_url = issuer + "/oauth/token"
client = {
    "has_subreseller_id": "false", "email": "email@email.com", "first_name": "Steve", "last_name": "Harris",
    "zipcode": "33134", "address": "126 Mendoza avenue", "same_billing_address": "true",
}

session = OAuth2Session(client=LegacyApplicationClient(client_id=client_id))
login = {"username": os.environ["USERNAME"], "password": os.environ["PASSWORD"]}
token = session.fetch_token(token_url, client_id=client_id, client_secret=client_secret, **login)
assert token["token_type"] == "Bearer" and token["expires_in"] == 1200, token.keys()

reply = session.post(issuer + "/api/residential/client", data=client)
assert reply.status_code == 201, reply.text
created = reply.json()["client"]

renewed = []
session = OAuth2Session(
    client_id,
    token={**token, "expires_at": 1},
    auto_refresh_url=token_url,
    auto_refresh_kwargs={"client_id": client_id, "client_secret": client_secret},
    token_updater=renewed.append,
)
reply = session.post(f"{issuer}/api/residential/client/{created['id']}/activate")
assert reply.status_code == 200 and reply.json()["client"]["status"] == "active", reply.text
assert len(renewed) == 1 and renewed[0]["refresh_token"] != token["refresh_token"]

try:
    session = OAuth2Session(client=LegacyApplicationClient(client_id=client_id))
    session.fetch_token(token_url, client_id=client_id, client_secret=client_secret, **{**login, "password": "wrong"})
    raise AssertionError("a wrong password was taken")
except OAuth2Error as error:
    assert error.error == "invalid_grant", error.error
