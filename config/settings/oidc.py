"""The identity provider (django-oauth-toolkit, every RFC 9700 gate on) and the relying party (mozilla-django-oidc)."""

from typing import Any

from apps.iam.oidc.lifetimes import access_token_lifetime_s
from config.env import env
from config.settings.auth import PASSWORD_HASHERS as _PASSWORD_HASHERS
from config.settings.core import BASE_URL
from config.settings.security import SESSION_COOKIE_AGE

OIDC_ISSUER = BASE_URL.rstrip("/")

# The provider. Its keys lie in the database, sealed with DJANGO_SECRET_KEY.
SIGNING_KEY_LIFETIME_DAYS = env.int("SIGNING_KEY_LIFETIME_DAYS", default=30)
ACCESS_TOKEN_LIFETIME_S = env.int("ACCESS_TOKEN_LIFETIME_S", default=600)
DEVICE_CODE_LIFETIME_S = env.int("DEVICE_CODE_LIFETIME_S", default=600)
SESSION_ENGINE = "apps.iam.oidc.sessions"
# Last, so that it is used for the random secrets of clients only.
PASSWORD_HASHERS = [*_PASSWORD_HASHERS, "apps.iam.oidc.hashers.RandomSecretHasher"]

OAUTH2_PROVIDER_APPLICATION_MODEL = "oidc.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "oidc.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oidc.AccessToken"  # noqa: S105
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oidc.RefreshToken"  # noqa: S105
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oidc.IDToken"  # noqa: S105
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oidc.DeviceAuthorization"
# None of the library's own tables is used, and a hundred changes to them take most of the time of a first start.
MIGRATION_MODULES = {"oauth2_provider": None}
OAUTH2_PROVIDER: dict[str, Any] = {
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "PKCE_REQUIRED": True,
    "CLIENT_SECRET_HASHER": "hmac_sha256",
    "ALLOW_URI_WILDCARDS": False,
    # http only for loopback addresses and our own origin: see Application.get_allowed_schemes.
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "REFRESH_TOKEN_EXPIRE_SECONDS": SESSION_COOKIE_AGE,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_LIFETIME_S,
    "EXTRA_SERVER_KWARGS": {"token_expires_in": access_token_lifetime_s},
    "ID_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_LIFETIME_S,
    "OAUTH2_VALIDATOR_CLASS": "apps.iam.oidc.validator.Validator",
    "OIDC_SERVER_CLASS": "apps.iam.oidc.server.Server",
    "ACCESS_TOKEN_GENERATOR": "apps.iam.oidc.tokens.access_token",
    "REFRESH_TOKEN_GENERATOR": "apps.iam.oidc.tokens.refresh_token",
    "SCOPES_BACKEND_CLASS": "apps.iam.oidc.scopes.ClientScopes",
    "SCOPES": {
        "openid": "Know who you are",
        "profile": "See your name",
        "email": "See your email address",
        "api": "Act for you in this company",
    },
    "DEFAULT_SCOPES": ["api"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": [
        "authorization_code",
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    # The library's would look for a device in its own table; who let it in is for apps.iam.oidc.validator to say.
    "OAUTH_PRE_TOKEN_VALIDATION": [],
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": OIDC_ISSUER,
    "OIDC_USERINFO_ENDPOINT": f"{OIDC_ISSUER}/oidc/userinfo",
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
    "OIDC_RP_INITIATED_LOGOUT_STRICT_REDIRECT_URIS": True,
    # It would delete the person's tokens of every session; ours ends one session by its `sid`.
    "OIDC_RP_INITIATED_LOGOUT_DELETE_TOKENS": False,
}

# How many wrong passwords are taken for an account from one place, for an account from everywhere, from one address.
SIGN_IN_FAILURES = env.int("SIGN_IN_FAILURES", default=10)
SIGN_IN_FAILURES_PER_EMAIL = env.int("SIGN_IN_FAILURES_PER_EMAIL", default=50)
SIGN_IN_FAILURES_PER_ADDRESS = env.str("SIGN_IN_FAILURES_PER_ADDRESS", default="200/1h")
SIGN_IN_LOCK_S = env.int("SIGN_IN_LOCK_S", default=60)
SIGN_IN_LOCK_MAX_S = env.int("SIGN_IN_LOCK_MAX_S", default=1800)

# How many wrong second factors are taken from one person: 10 an hour leave a guess of six digits one chance in 14,000
# a day, to somebody who knows the password.
SECOND_FACTOR_FAILURES = env.str("SECOND_FACTOR_FAILURES", default="10/1h")
SECOND_FACTOR_TIMEOUT_S = env.int("SECOND_FACTOR_TIMEOUT_S", default=600)

# Passkeys belong to a domain: the host of BASE_URL, or one above it where several addresses share their passkeys.
PASSKEY_RP_ID = env.str("PASSKEY_RP_ID", default="")
PASSKEY_RP_NAME = env.str("PASSKEY_RP_NAME", default="Platform")

# The relying party. Another provider is used by naming its endpoints.
OIDC_RP_BASE_URL = BASE_URL.rstrip("/")
OIDC_RP_ISSUER = env.str("OIDC_RP_ISSUER", default=OIDC_ISSUER)
OIDC_RP_CLIENT_ID = env.str("OIDC_RP_CLIENT_ID", default="bff")
OIDC_RP_CLIENT_SECRET = env.str("BFF_CLIENT_SECRET", default="")
OIDC_RP_SCOPES = "openid profile email api"
OIDC_RP_SIGN_ALGO = "ES256"
OIDC_OP_AUTHORIZATION_ENDPOINT = env.str("OIDC_OP_AUTHORIZATION_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/authorize")
OIDC_OP_TOKEN_ENDPOINT = env.str("OIDC_OP_TOKEN_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/token")
OIDC_OP_JWKS_ENDPOINT = env.str("OIDC_OP_JWKS_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/jwks")
OIDC_OP_USER_ENDPOINT = env.str("OIDC_OP_USER_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/userinfo")
OIDC_OP_REVOCATION_ENDPOINT = env.str("OIDC_OP_REVOCATION_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/revoke")
OIDC_OP_LOGOUT_ENDPOINT = env.str("OIDC_OP_LOGOUT_ENDPOINT", default=f"{OIDC_ISSUER}/oidc/logout")
OIDC_AUTHENTICATION_CALLBACK_URL = "bff:callback"
OIDC_USE_PKCE = True
OIDC_PKCE_CODE_CHALLENGE_METHOD = "S256"
OIDC_USE_NONCE = True
OIDC_TIMEOUT = env.float("OIDC_TIMEOUT_S", default=5.0)
# RFC 9207: refuse a callback that does not say which provider it comes from.
OIDC_RP_REQUIRE_ISS = env.bool("OIDC_RP_REQUIRE_ISS", default=True)

# Security events that wait in Redis while identity and access is away, and refused sign-ins of one address that are
# recorded (the others are counted): anybody can send those.
GATEWAY_SECURITY_EVENTS_WAITING = env.int("GATEWAY_SECURITY_EVENTS_WAITING", default=10_000)
GATEWAY_REFUSALS_RECORDED = env.str("GATEWAY_REFUSALS_RECORDED", default="60/m")
BFF_PENDING_SIGN_INS = env.int("BFF_PENDING_SIGN_INS", default=6)
BFF_SIGN_IN_TIMEOUT_S = env.int("BFF_SIGN_IN_TIMEOUT_S", default=600)
BFF_REFRESH_BEFORE_EXPIRY_S = env.int("BFF_REFRESH_BEFORE_EXPIRY_S", default=60)
BFF_REFRESH_WAIT_S = env.float("BFF_REFRESH_WAIT_S", default=10.0)
# Renewed while tokens are refreshed: so long others wait for a process that was killed meanwhile.
BFF_REFRESH_LEASE_S = env.float("BFF_REFRESH_LEASE_S", default=3.0)
# How long our provider answers the gateway again whose answer to a refresh was lost. 0: a repeat is always a theft.
BFF_REFRESH_GRACE_S = env.int("BFF_REFRESH_GRACE_S", default=120)
