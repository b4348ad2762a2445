from base64 import b64encode

from dna import *

basic = b64encode(f"{API_CLIENT_ID}:{API_CLIENT_SECRET}".encode()).decode()
reply = done(dna("POST", "/api/oauth/token", {
    "grant_type": "password",
    "username": API_USERNAME,
    "password": API_PASSWORD,
}, headers={"Authorization": "Basic " + basic}))
print(f"{reply['token_type']} token for {reply['expires_in']} seconds")
