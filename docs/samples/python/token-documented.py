from urllib.parse import urlencode

from dna import *

reply = done(dna("GET", "/api/oauth/token?" + urlencode({
    "grant_type": "password",
    "client_id": API_CLIENT_ID,
    "client_secret": API_CLIENT_SECRET,
    "username": API_USERNAME,
    "password": API_PASSWORD,
    "scope": "client:create client:activate client:suspend",
})))
print(f"{reply[0]['token_type']} token for {reply[0]['expires_in']} seconds")
