import os
from pathlib import Path
from urllib.parse import urlencode

from dna import *

cursor = Path("feed.cursor")  # kept from one run to the next
while True:
    after = {"after": cursor.read_text()} if cursor.exists() else {}
    reply = done(dna("GET", "/api/residential/event?" + urlencode(after), None, os.environ["TOKEN"]))
    for event in reply["events"]:
        print(event["at"], event["client"]["ns_domain"], event["type"])
    if reply["next"] is not None:
        cursor.write_text(reply["next"])  # once what it brought is dealt with
    if not reply["events"]:
        break
