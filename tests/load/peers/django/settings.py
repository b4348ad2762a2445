"""The part of the API that is measured, on Django with django-oauth-toolkit."""

import os
import secrets
from pathlib import Path

SECRET_KEY = secrets.token_urlsafe(32)  # nothing that outlives a process is signed with it
ALLOWED_HOSTS = ["api.test", "127.0.0.1"]
USE_TZ = True
USE_I18N = False
DEBUG = False

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider", "api"]
# CommonMiddleware sets Content-Length.
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
ROOT_URLCONF = "api.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "USER": os.environ["PGUSER"],
        "HOST": os.environ["PGHOST"],
        # Each of the sixteen threads keeps its connection.
        "CONN_MAX_AGE": None,
        "OPTIONS": {"server_side_binding": True},
    }
}

PASSWORD_HASHERS = ["api.hashers.Argon2", "api.hashers.Sha256"]
SIGNING_KEY = Path(os.environ["PEER_KEY"]).read_bytes()
ISSUER = "http://api.test"

SCOPES = ["client:create", "client:activate", "client:suspend", "client:read", "client:update", "client:cancel"]
OAUTH2_PROVIDER = {
    "SCOPES": {scope: scope for scope in SCOPES},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 1200,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,
    "ACCESS_TOKEN_GENERATOR": "api.tokens.access_token",
    "CLIENT_SECRET_HASHER": "sha256",
    "OAUTH2_VALIDATOR_CLASS": "api.tokens.Validator",
}
