from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import connection
from oauth2_provider.models import Application


class Command(BaseCommand):
    help = "Makes Django's users and the toolkit's applications of the accounts that the database was given."

    def handle(self, *_arguments, **_options):
        with connection.cursor() as cursor:
            cursor.execute("select username, password_hash from users")
            users = [User(username=name, password=f"argon2{stored}") for name, stored in cursor.fetchall()]
            cursor.execute("select id::text, secret_hash from oauth_clients")
            clients = cursor.fetchall()
        User.objects.bulk_create(users, ignore_conflicts=True)
        for client_id, secret_hash in clients:
            application = Application(
                client_id=client_id,
                client_secret=f"sha256${secret_hash}",
                client_type=Application.CLIENT_CONFIDENTIAL,
                authorization_grant_type=Application.GRANT_PASSWORD,
            )
            application.save()
