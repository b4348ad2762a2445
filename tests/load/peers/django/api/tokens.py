"""Access tokens that are JWTs."""

from time import time
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator

private_key = load_pem_private_key(settings.SIGNING_KEY, None)
public_key = private_key.public_key()


def access_token(request, refresh_token=False):
    """A token for what oauthlib was asked for."""
    now, jti = int(time()), str(uuid4())
    claims = {
        "iss": settings.ISSUER,
        "sub": str(request.user.pk),
        "aud": [settings.ISSUER, request.client.client_id],
        "client_id": request.client.client_id,
        "sid": str(uuid4()),
        "jti": jti,
        "iat": now,
        "nbf": now,
        "exp": now + request.expires_in,
        "scope": " ".join(request.scopes),
        "scopes": request.scopes,
    }
    return jwt.encode(claims, private_key, "RS256", {"jti": jti, "kid": "peer"})


class Validator(OAuth2Validator):
    """The toolkit's, but that a bearer's token is a JWT that is verified, and is not looked up in the database."""

    def validate_bearer_token(self, token, scopes, request):
        try:
            claims = jwt.decode(
                token or "", public_key, ["RS256"], audience=settings.ISSUER, issuer=settings.ISSUER, leeway=5
            )
        except jwt.InvalidTokenError:
            request.oauth2_error = {"error": "invalid_token", "error_description": "The token is invalid."}
            return False
        if not set(scopes) <= set(claims["scopes"]):
            request.oauth2_error = {"error": "insufficient_scope", "error_description": "The token has no such scope."}
            return False
        request.claims = claims
        return True
