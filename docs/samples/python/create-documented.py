import os
from urllib.parse import urlencode

from dna import *

query = urlencode({
    "has_subreseller_id": "true",
    "subreseller_id": "1234",
    "email": "email@email.com",
    "first_name": "Steve",
    "last_name": "Harris",
    "zipcode": "33134",
    "address": "126 Mendoza avenue aparment 7A",
    "same_billing_address": "true",
})
[reply] = done(dna("POST", f"/api/residential/client?{query}", None, os.environ["TOKEN"]))
print(reply["client"]["id"], reply["client"]["ns_domain"])
