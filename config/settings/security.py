"""Secure by default; no secret has a default outside development."""

from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.env import env
from config.settings.core import BASE_URL, ENVIRONMENT, STATE_DIR

SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="")
if not SECRET_KEY:
    if ENVIRONMENT != "development":
        raise ImproperlyConfigured("DJANGO_SECRET_KEY is needed outside development")
    SECRET_KEY = "development-only-" + "0" * 40

# Former keys, which still open what they sealed and vouch for what they signed.
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])

# Wrap the keys that personal data is encrypted with: the newest first, the others still unwrap. In no backup of a
# database.
KEY_ENCRYPTION_KEYS = env.list("KEY_ENCRYPTION_KEYS", default=[])
if not KEY_ENCRYPTION_KEYS:
    if ENVIRONMENT != "development":
        raise ImproperlyConfigured("KEY_ENCRYPTION_KEYS is needed outside development")
    KEY_ENCRYPTION_KEYS = ["development-only-" + "1" * 40]
# Whose keys were destroyed: read by every process, so that no restored backup brings them back.
DESTROYED_KEYS_DIR = str(env.path("DESTROYED_KEYS_DIR", default=f"{STATE_DIR}/destroyed-keys"))
# How many unwrapped keys a process remembers, and for how long: a destroyed one is gone from all of them after that.
KEY_CACHE_SIZE = env.int("KEY_CACHE_SIZE", default=10_000)
KEY_CACHE_S = env.float("KEY_CACHE_S", default=60.0)

_url = urlsplit(BASE_URL)
TLS = _url.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_url.hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [f"{_url.scheme}://{_url.netloc}"]
# Only the server can set such a cookie, over TLS, and for this host alone; a browser that does not know `__Host-Http-`
# takes it for `__Host-`. The one that scripts read has the shorter prefix.
COOKIE_PREFIX = "__Host-Http-" if TLS else ""
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = TLS
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.api.error_pages.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}op_session"
BFF_COOKIE_NAME = f"{COOKIE_PREFIX}bff_session"
CONSISTENCY_COOKIE_NAME = f"{COOKIE_PREFIX}consistency"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
# A browser's session ends after this without anybody there; 0: only after SESSION_ABSOLUTE_S.
SESSION_IDLE_S = env.int("SESSION_IDLE_S", default=3600)
SESSION_COOKIE_AGE = env.int("SESSION_ABSOLUTE_S", default=12 * 3600)

SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^startupz$", r"^metrics$"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No other origin reads anything here, static files included; what is meant to be read says so (provider's metadata).
WHITENOISE_ALLOW_ALL_ORIGINS = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "interest-cohort")
}

# Whether addresses that tenants choose (back-channel logout, webhooks) may be plain http or in a private network.
OUTBOUND_PRIVATE_ADDRESSES = env.bool("OUTBOUND_PRIVATE_ADDRESSES", default=ENVIRONMENT == "development")
OUTBOUND_TIMEOUT_S = env.float("OUTBOUND_TIMEOUT_S", default=5.0)
