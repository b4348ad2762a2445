import os

from dna import *

reply = done(dna("PATCH", f"/api/residential/client/{os.environ['ID']}", {
    "email": "steve@example.com",
    "address": "1 Ponce de Leon",
}, os.environ["TOKEN"]))
print(reply["client"]["id"], reply["client"]["address"])
