"""Clients: each change is a transaction that writes the row and its event, or nothing."""

import re
import unicodedata
from datetime import date
from typing import Annotated

from asyncpg import UniqueViolationError
from pydantic import BaseModel, EmailStr, Field, StringConstraints, model_validator

from replies import Refused


def text(most, pattern=r"^[^\x00-\x1f\x7f]+$"):
    return Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=most, pattern=pattern)]


Zipcode = text(10, r"^[0-9]{5}(-[0-9]{4})?$")


class NewClient(BaseModel):
    has_subreseller_id: bool
    subreseller_id: text(64) | None = None
    email: Annotated[EmailStr, Field(max_length=254)]
    first_name: text(100)
    last_name: text(100)
    zipcode: Zipcode
    address: text(255)
    same_billing_address: bool
    billing_address: text(255) | None = None
    billing_zipcode: Zipcode | None = None
    customer_id: text(128) | None = None
    start_billing_date: date | None = None

    @model_validator(mode="after")
    def together(self):
        if self.has_subreseller_id != (self.subreseller_id is not None):
            raise ValueError("The subreseller id does not go with has subreseller id.")
        if self.same_billing_address:
            self.billing_address, self.billing_zipcode = self.address, self.zipcode
        elif self.billing_address is None or self.billing_zipcode is None:
            raise ValueError("The billing address and zipcode are required when same billing address is false.")
        return self


WHOLE = """id, ns_domain, status, customer_id, subreseller_id is not null as has_subreseller_id, subreseller_id, email,
    first_name, last_name, address, zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date,
    created_at, updated_at, status_changed_at"""

CREATE = f"""
    with counter as (
        insert into ns_domain_counters as c (slug, taken) values ($1, 1)
        on conflict (slug) do update set taken = c.taken + 1
        returning slug || case taken when 1 then '' else taken::text end || '.com' as ns_domain
    )
    insert into clients (ns_domain, customer_id, subreseller_id, email, first_name, last_name, address, zipcode,
                         same_billing_address, billing_address, billing_zipcode, start_billing_date)
    select ns_domain, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 from counter
    returning {WHOLE}"""

EVENT = """
    insert into client_events (client_id, from_status, to_status, at, user_id, oauth_client_id, request_id)
    values ($1, $2, $3, $4, $5, $6, $7)"""

HOLD = "select id, ns_domain, status, status_changed_at from clients where id = $1 for update"

CHANGE = """
    update clients set status = $2, status_changed_at = clock_timestamp(), updated_at = clock_timestamp()
    where id = $1 returning id, ns_domain, status, status_changed_at"""


def slug(new):
    letters = unicodedata.normalize("NFKD", new.first_name + new.last_name).lower()
    return re.sub("[^a-z]", "", letters)[:40] or "client"


async def create(pool, new, origin):
    try:
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                CREATE,
                slug(new),
                new.customer_id,
                new.subreseller_id,
                new.email,
                new.first_name,
                new.last_name,
                new.address,
                new.zipcode,
                new.same_billing_address,
                new.billing_address,
                new.billing_zipcode,
                new.start_billing_date,
            )
            await connection.execute(EVENT, row["id"], None, row["status"], row["created_at"], *origin)
            return dict(row)
    except UniqueViolationError:
        raise Refused(409, "duplicate_customer_id", "The customer id is taken.") from None


async def change(pool, id, status, origin):
    """Brings a client to a status; it stays as it is where it has that already."""
    async with pool.acquire() as connection, connection.transaction():
        client = await connection.fetchrow(HOLD, id)
        if client is None:
            raise Refused(404, "not_found", "There is nothing here.")
        if client["status"] != status:
            before = client["status"]
            client = await connection.fetchrow(CHANGE, id, status)
            await connection.execute(EVENT, id, before, status, client["status_changed_at"], *origin)
    changed = {"id": client["id"], "ns_domain": client["ns_domain"], "status": status}
    return {"result": "OK", "timestamp": int(client["status_changed_at"].timestamp()), "client": changed}


async def read(pool, id):
    row = await pool.fetchrow(f"select {WHOLE} from clients where id = $1", id)
    if row is None:
        raise Refused(404, "not_found", "There is nothing here.")
    return dict(row)
