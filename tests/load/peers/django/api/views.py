"""Clients: each change is a transaction that writes the row and its event, or nothing."""

import re
import unicodedata
from functools import wraps
from uuid import uuid4

from django.db import IntegrityError, connection, transaction
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import get_oauthlib_core

from .forms import NewClient
from .models import Client, ClientEvent


def reply(value, status=200, headers=None):
    always = {"Cache-Control": "no-store", "X-Request-Id": str(uuid4())}
    return JsonResponse(value, status=status, headers=always | (headers or {}))


def refused(status, error, message, headers=None, **more):
    return reply({"result": "ERROR", "error": error, "message": message} | more, status, headers)


def nothing(*_):
    return refused(404, "not_found", "There is nothing here.")


def allowed(method, scope):
    """A view for the bearer of a token with this scope, who is its `origin`."""

    def decorate(view):
        @csrf_exempt
        @wraps(view)
        def checked(request, *arguments, **more):
            if request.method != method:
                return refused(405, "method_not_allowed", "Another method is.", {"Allow": method})
            valid, asked = get_oauthlib_core().verify_request(request, scopes=[scope])
            if not valid:
                error = getattr(asked, "oauth2_error", {}).get("error", "unauthenticated")
                status = 403 if error == "insufficient_scope" else 401
                challenge = f'Bearer realm="DNA API", error="{error}"'
                return refused(status, error, "The token is not enough.", {"WWW-Authenticate": challenge})
            request.origin = {
                "user_id": asked.claims["sub"],
                "oauth_client_id": asked.claims["client_id"],
                "request_id": str(uuid4()),
            }
            return view(request, *arguments, **more)

        return checked

    return decorate


def ns_domain(first_name, last_name):
    letters = unicodedata.normalize("NFKD", first_name + last_name).lower()
    slug = re.sub("[^a-z]", "", letters)[:40] or "client"
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into ns_domain_counters as c (slug, taken) values (%s, 1)
               on conflict (slug) do update set taken = c.taken + 1 returning taken""",
            [slug],
        )
        (taken,) = cursor.fetchone()
    return f"{slug}{'' if taken == 1 else taken}.com"


@allowed("POST", "client:create")
def create(request):
    form = NewClient(request.POST)
    if not form.is_valid():
        message = next(iter(form.errors.values()))[0]
        return refused(422, "validation_failed", message, errors=form.errors)
    new, now = form.cleaned_data, timezone.now()
    try:
        with transaction.atomic():
            domain = ns_domain(new["first_name"], new["last_name"])
            times = {"created_at": now, "updated_at": now, "status_changed_at": now}
            client = Client.objects.create(ns_domain=domain, **times, **new)
            ClientEvent.objects.create(client=client, to_status=client.status, at=now, **request.origin)
    except IntegrityError:
        return refused(409, "duplicate_customer_id", "The customer id is taken.")
    location = {"Location": f"/api/residential/client/{client.id}"}
    return reply({"result": "OK", "client": client.whole()}, 201, location)


def change(request, id, status):
    """Brings a client to a status; it stays as it is where it has that already."""
    with transaction.atomic():
        client = Client.objects.select_for_update().filter(pk=id).first()
        if client is None:
            return nothing()
        if client.status != status:
            before, now = client.status, timezone.now()
            client.status, client.status_changed_at, client.updated_at = status, now, now
            client.save(update_fields=["status", "status_changed_at", "updated_at"])
            ClientEvent.objects.create(client=client, from_status=before, to_status=status, at=now, **request.origin)
    changed = {"id": client.id, "ns_domain": client.ns_domain, "status": client.status}
    return reply({"result": "OK", "timestamp": int(client.status_changed_at.timestamp()), "client": changed})


@allowed("POST", "client:activate")
def activate(request, id):
    return change(request, id, "active")


@allowed("POST", "client:suspend")
def suspend(request, id):
    return change(request, id, "suspended")


@allowed("GET", "client:read")
def read(_request, id):
    client = Client.objects.filter(pk=id).first()
    return nothing() if client is None else reply({"result": "OK", "client": client.whole()})
