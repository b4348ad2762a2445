import os
from collections import Counter
from datetime import datetime, timezone
from urllib.parse import urlencode

from dna import *

days, page = Counter(), {"month": f"{datetime.now(timezone.utc):%Y-%m}", "limit": 200}
while True:
    reply = done(dna("GET", "/api/residential/billing?" + urlencode(page), None, os.environ["TOKEN"]))
    for group in reply["subresellers"]:
        days[group["subreseller_id"]] += group["days"]  # a subreseller may go on on the next page
    if reply["next"] is None:
        break
    page["after"] = reply["next"]
print(dict(days))
