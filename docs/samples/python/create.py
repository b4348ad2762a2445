import os

from dna import *

reply = done(dna("POST", "/api/residential/client", {
    "has_subreseller_id": "true",
    "subreseller_id": "1234",
    "email": "email@email.com",
    "first_name": "Steve",
    "last_name": "Harris",
    "zipcode": "33134",
    "address": "126 Mendoza avenue aparment 7A",
    "same_billing_address": "true",
    "customer_id": "A-1001",
}, os.environ["TOKEN"]))
print(reply["client"]["id"], reply["client"]["ns_domain"])
