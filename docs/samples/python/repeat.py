import os
import uuid

from dna import *

key = {"Idempotency-Key": str(uuid.uuid4())}  # one key for one thing to do, made before the first try
for attempt in (1, 2):
    reply = done(dna("POST", f"/api/residential/client/{os.environ['ID']}/activate", None, os.environ["TOKEN"], key))
    print(attempt, reply["client"]["status"], "since", reply["timestamp"])
