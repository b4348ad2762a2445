from dna import *

reply = done(dna("POST", "/api/oauth/token", {
    "grant_type": "password",
    "client_id": API_CLIENT_ID,
    "client_secret": API_CLIENT_SECRET,
    "username": API_USERNAME,
    "password": API_PASSWORD,
}))
print(f"{reply['token_type']} token for {reply['expires_in']} seconds")
