"""The tables of ../../schema.sql, as Django sees them."""

from django.db import models


class NsDomainCounter(models.Model):
    slug = models.TextField(primary_key=True)
    taken = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "ns_domain_counters"


class Client(models.Model):
    id = models.BigAutoField(primary_key=True)
    ns_domain = models.TextField(unique=True)
    status = models.TextField(default="pending")
    customer_id = models.TextField(null=True, unique=True)
    subreseller_id = models.TextField(null=True)
    email = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    address = models.TextField()
    zipcode = models.TextField()
    same_billing_address = models.BooleanField()
    billing_address = models.TextField()
    billing_zipcode = models.TextField()
    start_billing_date = models.DateField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    status_changed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "clients"

    def whole(self):
        """As it is shown."""
        return {
            "id": self.id,
            "ns_domain": self.ns_domain,
            "status": self.status,
            "customer_id": self.customer_id,
            "has_subreseller_id": self.subreseller_id is not None,
            "subreseller_id": self.subreseller_id,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "address": self.address,
            "zipcode": self.zipcode,
            "same_billing_address": self.same_billing_address,
            "billing_address": self.billing_address,
            "billing_zipcode": self.billing_zipcode,
            "start_billing_date": self.start_billing_date,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "status_changed_at": self.status_changed_at,
        }


class ClientEvent(models.Model):
    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey(Client, models.DO_NOTHING)
    from_status = models.TextField(null=True)
    to_status = models.TextField()
    at = models.DateTimeField()
    user_id = models.TextField()
    oauth_client_id = models.TextField()
    request_id = models.TextField()

    class Meta:
        managed = False
        db_table = "client_events"
