import os

from dna import *

reply = done(dna("GET", f"/api/residential/client/{os.environ['ID']}/activate", None, os.environ["TOKEN"]))
print(reply["client"]["id"], reply["client"]["status"])
