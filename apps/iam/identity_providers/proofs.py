"""The proof that an e-mail domain is a tenant's: a text that only who runs the domain can put on its web server.

https://acme.example/.well-known/platform-domain-proof.txt
"""

from __future__ import annotations

from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from apps.core.remote.outbound import AddressRefused, Unreachable, fetch
from apps.iam.identity_providers.dependencies import DOMAIN_PROOFS

PATH = "/.well-known/platform-domain-proof.txt"
_PREFIX = "platform-domain-proof="
_MOST_BYTES = 4096


def address_of(domain: str) -> str:
    """Where the proof must lie."""
    return f"https://{domain}{PATH}"


def text_of(tenant_id: UUID, domain: str) -> str:
    """What must be in the file. Always the same, and another for each tenant."""
    return _PREFIX + salted_hmac("email-domain", f"{tenant_id} {domain}", algorithm="sha256").hexdigest()[:40]


def is_there(tenant_id: UUID, domain: str) -> bool:
    """True if the proof lies where it must."""
    try:
        answer = fetch(
            address_of(domain),
            through=DOMAIN_PROOFS,
            most_bytes=_MOST_BYTES,
            headers={"Accept": "text/plain"},
        )
    except (AddressRefused, Unreachable):
        return False
    lines = answer.body.decode(errors="replace").split() if answer.status == 200 else []
    return any(constant_time_compare(line, text_of(tenant_id, domain)) for line in lines)
