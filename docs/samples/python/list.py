import os
from urllib.parse import urlencode

from dna import *

page = {"status": "active", "limit": 100}
while True:
    reply = done(dna("GET", "/api/residential/client?" + urlencode(page), None, os.environ["TOKEN"]))
    for client in reply["clients"]:
        print(client["id"], client["ns_domain"], client["status"])
    if reply["next"] is None:
        break
    page["after"] = reply["next"]
