"""What no schema can say of a request that is to be accepted: that its credentials are right and its key is fresh, and which
parameters go together. A case that is meant to be accepted gets that; one that is meant to be refused goes out as it is."""

import json
import os
import uuid

import schemathesis

CREDENTIALS = json.loads(os.environ["SCHEMATHESIS_CREDENTIALS"])
CLIENT = {
    "has_subreseller_id": "true",
    "subreseller_id": "1234",
    "email": "email@email.com",
    "first_name": "Steve",
    "last_name": "Harris",
    "zipcode": "33134",
    "address": "126 Mendoza avenue aparment 7A",
    "same_billing_address": "true",
}
BILLING = {"billing_address": "2121 ponce de leon", "billing_zipcode": "33308"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    headers, query = case.headers or {}, case.query or {}
    in_body = isinstance(case.body, dict)
    if in_body and case.media_type != "application/json":
        # A form has neither null nor, as libraries write it, every name.
        case.body = {name: value for name, value in case.body.items() if value is not None and name.isidentifier() and name.isascii()}
    parameters = case.body if in_body else query
    path, method = case.path.removeprefix("/api"), case.method.upper()
    # A key is for one request; a tag and a cursor are what the server gave.
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    headers.pop("If-Match", None)
    query.pop("after", None)
    if "month" in query:
        query["month"] = "2024-02"
    if "q" in query:
        query["q"] = "har nunez"
    if "email" in parameters:
        parameters["email"] = CLIENT["email"]
    # In both places they would have to be the same.
    if in_body and path.startswith("/residential/client") and not path.endswith("/import"):
        query.clear()
    if path.startswith("/oauth/"):
        log_in(path, parameters)
    elif path == "/residential/client" and method == "POST":
        for name, value in CLIENT.items():
            parameters.setdefault(name, value)
        together(parameters)
    elif path == "/residential/client/{id}" and method != "GET":
        together(parameters)


def together(parameters):
    """Makes each parameter be there that another one asks for, and no other client have the customer's id."""
    if "has_subreseller_id" in parameters or "subreseller_id" in parameters:
        parameters["has_subreseller_id"] = "true"
        if parameters.get("subreseller_id") in (None, "") or not str(parameters["subreseller_id"]).strip():
            parameters["subreseller_id"] = CLIENT["subreseller_id"]
    if any(name in parameters for name in ("same_billing_address", *BILLING)):
        parameters["same_billing_address"] = "false"
        for name, value in BILLING.items():
            parameters[name] = value
    if "customer_id" in parameters:
        parameters["customer_id"] = str(uuid.uuid4())


def log_in(path, parameters):
    """The OAuth client is in HTTP Basic already; the password is right, and so is the scope."""
    for name in ("client_id", "client_secret"):
        parameters.pop(name, None)
    if not isinstance(parameters.get("token_type_hint"), str):
        parameters.pop("token_type_hint", None)  # a form would have a list as a repeated parameter
    if not path.endswith("/token"):
        return
    grant = "client_credentials" if parameters.get("grant_type") == "client_credentials" else "password"
    for name in ("username", "password", "refresh_token"):
        parameters.pop(name, None)
    parameters["grant_type"] = grant
    if grant == "password":
        parameters.update(CREDENTIALS)


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def one_line(ctx, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def last_line(ctx, response):
    # Its schema is that of a line. The tests in Rust look at all of them.
    return json.loads(response.content.splitlines()[-1])
