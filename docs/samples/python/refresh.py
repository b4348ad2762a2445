import os

from dna import *

reply = done(dna("POST", "/api/oauth/token", {
    "grant_type": "refresh_token",
    "client_id": API_CLIENT_ID,
    "client_secret": API_CLIENT_SECRET,
    "refresh_token": os.environ["REFRESH_TOKEN"],
}))
# reply["refresh_token"] takes the place of the one that was sent.
print(f"{reply['token_type']} token for {reply['expires_in']} seconds")
