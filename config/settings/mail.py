"""Mail to people. Without EMAIL_URL there is none outside development, where it is kept in the outbox at /mail/."""

import ipaddress
from email.utils import parseaddr
from urllib.parse import urlsplit

from config.env import env
from config.settings.core import BASE_URL, ENVIRONMENT


def _own_domain() -> str:
    """The host of BASE_URL, unless that is an address or a bare name, which no sender's domain can be."""
    host = urlsplit(BASE_URL).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else "localhost"
    return "localhost"


EMAIL_URL = env.str("EMAIL_URL", default="outbox:" if ENVIRONMENT == "development" else "")
EMAIL_FROM = env.str("EMAIL_FROM", default="") or f"Platform <no-reply@{_own_domain()}>"
EMAIL_TIMEOUT_S = env.float("EMAIL_TIMEOUT_S", default=10.0)
EMAIL_PER_HOUR = env.int("EMAIL_PER_HOUR", default=5)
EMAIL_KEPT_DAYS = env.int("EMAIL_KEPT_DAYS", default=30)
EMAIL_DOMAIN = parseaddr(EMAIL_FROM)[1].rpartition("@")[2]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
