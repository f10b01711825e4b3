"""Whether an identity provider can be signed in with: what is asked of it, and what each step found."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.core.errors import DomainError
from apps.iam.identity_providers import metadata
from apps.iam.identity_providers.models import IdentityProvider


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so, and what to do where it is not."""

    name: str
    passed: bool
    detail: str


@dataclass(slots=True)
class Connection:
    """What was found out about an identity provider, from its configuration to its keys."""

    checks: list[Check] = field(default_factory=list)

    @property
    def works(self) -> bool:
        return all(check.passed for check in self.checks)

    def add(self, name: str, passed: bool, detail: str) -> None:
        self.checks.append(Check(name, passed, detail))


def check(provider: IdentityProvider) -> Connection:
    """Ask the provider itself, past what is kept of it. Nobody signs in, so its client secret is not tried."""
    found = Connection()
    try:
        published = metadata.metadata_of(provider.issuer, fresh=True)
    except DomainError as error:
        found.add("configuration", False, f"{error}.")
        return found
    found.add("configuration", True, f"Found, with sign-in at {published.authorization_origin}.")
    _check_keys(found, published)
    has_way = bool({"client_secret_basic", "client_secret_post", "none"} & set(published.token_auth_methods))
    found.add(
        "client_authentication",
        has_way,
        f"It takes {', '.join(published.token_auth_methods) or 'nothing'}"
        + ("." if has_way else "; the platform sends a client secret."),
    )
    has_client = bool(provider.client_id)
    found.add("client", has_client, "A client id is set." if has_client else "Enter the client id that it gave you.")
    return found


def _check_keys(found: Connection, published: metadata.Metadata) -> None:
    try:
        keys = metadata.keys_of(published, again=True)["keys"]
    except DomainError as error:
        found.add("keys", False, f"{error}.")
        return
    usable = sum(isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") for key in keys)
    found.add("keys", usable > 0, f"{usable} public keys." if usable else "It publishes no public key that is usable.")
