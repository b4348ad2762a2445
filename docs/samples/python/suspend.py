import os

from dna import *

reply = done(dna("POST", f"/api/residential/client/{os.environ['ID']}/suspend", None, os.environ["TOKEN"]))
print(reply["client"]["id"], reply["client"]["status"])
