import os

from dna import *

rows = """\
customer_id,first_name,last_name,email,zipcode,address,has_subreseller_id,same_billing_address
B-1,Ana,Ruiz,ana@example.com,33134,1 Main Street,false,true
B-2,Ben,Ruiz,ben@example.com,02134,2 Main Street,false,true
"""
request = urllib.request.Request(API_URL + "/api/residential/client/import?mode=rows", data=rows.encode(), headers={
    "Authorization": "Bearer " + os.environ["TOKEN"],
    "Content-Type": "text/csv",
})
with urllib.request.urlopen(request) as reply:
    for line in map(json.loads, reply):  # as the rows are done
        print(f"row {line['row']}: {line['result']}" if "row" in line else f"{line['created']} created")
