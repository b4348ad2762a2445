import json
import os

from dna import *

status, reply = dna("POST", "/api/residential/client", {
    "has_subreseller_id": "true",
    "subreseller_id": "1234",
    "first_name": "Steve",
    "last_name": "Harris",
    "zipcode": "3313",
    "address": "126 Mendoza avenue aparment 7A",
    "same_billing_address": "true",
}, os.environ["TOKEN"])
print(status, json.dumps(reply, indent=2))
