import json
import os

from dna import *

status, reply = dna("POST", "/api/residential/client", {
    "has_subreseller_id": "true",
    "subreseller_id": "1234",
    "email": "email@email.com",
    "first_name": "Steve",
    "last_name": "Harris",
    "zipcode": "33134",
    "address": "126 Mendoza avenue aparment 7A",
    "same_billing_address": "true",
    "customer_id": "A-1001",
}, os.environ["TOKEN"])
print(status, json.dumps(reply, indent=2))
