import os

from dna import *

reply = done(dna("POST", "/api/oauth/introspect", {
    "client_id": API_CLIENT_ID,
    "client_secret": API_CLIENT_SECRET,
    "token": os.environ["TOKEN"],
}))
print("good for " + reply["scope"] if reply["active"] else "good for nothing")
