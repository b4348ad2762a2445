import os

from dna import *

reply = done(dna("GET", f"/api/residential/domain/{os.environ['NS_DOMAIN']}", None, os.environ["TOKEN"]))
print(reply["data"]["status"], "since", reply["data"]["timestamp"])
