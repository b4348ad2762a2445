# Save this as dna.py: the other samples use it. Python 3.9 or newer, and nothing else.
import json
import urllib.error
import urllib.parse
import urllib.request

API_URL = "https://api.example.com"
API_CLIENT_ID = "your-client-id"
API_CLIENT_SECRET = "your-client-secret"
API_USERNAME = "your-username"
API_PASSWORD = "your-password"


def dna(method, path, parameters=None, token=None, headers=None):
    """One request: the status and the decoded reply. Parameters go into the body."""
    body = urllib.parse.urlencode(parameters).encode() if parameters else None
    request = urllib.request.Request(API_URL + path, data=body, method=method, headers=headers or {})
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def done(answer):
    """The reply of a request that must succeed."""
    status, reply = answer
    if status >= 300:
        raise RuntimeError(f"{status} {reply['error']}: {reply['message']}")
    return reply
