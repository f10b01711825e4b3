"""oauthlib's server with one more way to a token, and without those that are not announced."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from oauthlib.openid import Server as OpenIDServer

from apps.iam.oidc.token_exchange import GRANT_TYPE, TokenExchangeGrant


class Server(OpenIDServer):
    """See the module (OAUTH2_PROVIDER["OIDC_SERVER_CLASS"])."""

    def __init__(self, request_validator: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request_validator, *args, **kwargs)
        self.grant_types[GRANT_TYPE] = TokenExchangeGrant(request_validator)
        # Such as a person's password (RFC 9700 §2.4): no client could have it, and now nobody can ask for it either.
        for name in set(self.grant_types) - set(settings.OAUTH2_PROVIDER["OAUTH2_GRANT_TYPES_SUPPORTED"]):
            del self.grant_types[name]
