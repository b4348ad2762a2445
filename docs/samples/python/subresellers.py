import os
from urllib.parse import urlencode

from dna import *

page = {"limit": 100}
while True:
    reply = done(dna("GET", "/api/residential/subreseller?" + urlencode(page), None, os.environ["TOKEN"]))
    for one in reply["subresellers"]:
        print(f"{one['subreseller_id']}: {one['clients']['active']} of {one['clients']['total']} active")
    if reply["next"] is None:
        break
    page["after"] = reply["next"]
