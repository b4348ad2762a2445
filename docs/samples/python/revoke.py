import os

from dna import *

done(dna("POST", "/api/oauth/revoke", {
    "client_id": API_CLIENT_ID,
    "client_secret": API_CLIENT_SECRET,
    "token": os.environ["REFRESH_TOKEN"],  # either token ends the whole login
}))
print("logged out")
