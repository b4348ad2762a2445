"""What is sent."""

from uuid import uuid4

import orjson
from fastapi import Response


def json(value, status=200, headers=None):
    always = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Request-Id": str(uuid4())}
    # orjson writes times as RFC 3339.
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status, always | (headers or {}), "application/json")


class Refused(Exception):
    """Why a request is refused."""

    def __init__(self, status, error, message, headers=None, **more):
        self.status, self.headers = status, headers
        self.body = {"result": "ERROR", "error": error, "message": message} | more


async def refused(_request, why):
    return json(why.body, why.status, why.headers)
