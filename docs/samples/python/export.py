import os
import shutil

from dna import *

request = urllib.request.Request(API_URL + "/api/residential/client/export?status=active&format=csv", headers={
    "Authorization": "Bearer " + os.environ["TOKEN"],
})
with urllib.request.urlopen(request) as reply, open("clients.csv", "wb") as file:
    shutil.copyfileobj(reply, file)  # as it comes, however long it is
print(os.path.getsize("clients.csv"), "bytes")
