from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from apps.core.events import log
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import commands, queries
from apps.iam.identity_providers.models import IdentityLink, IdentityProvider
from apps.iam.identity_providers.tests import provider as fake
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser
from apps.iam.sessions import queries as sessions


@pytest.fixture(autouse=True)
def _on_this_machine(settings: Any) -> None:
    """Argon2 is slow on purpose, and the provider of the tests listens on loopback."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    settings.GATEWAY_REFUSALS_RECORDED = "1000/m"


@pytest.fixture
def theirs() -> Iterator[fake.Provider]:
    """Somebody else's identity provider, answering."""
    with fake.running() as provider:
        yield provider


@pytest.fixture
def acme(db: None) -> Any:
    return identity.company("acme")


@dataclass
class Ours:
    """An identity provider as the company knows it, and a browser that signs in with it."""

    company: Any
    id: Any
    theirs: fake.Provider
    browser: Browser

    def change(self, **said: Any) -> IdentityProvider:
        with tenant(self.company.id):
            return commands.update_identity_provider(provider_id=self.id, actor=SYSTEM, **said)

    def prove(self, *domains: str) -> None:
        with tenant(self.company.id):
            for domain in domains:
                found = queries.email_domain_named(domain)
                commands.confirm_domain(domain_id=found.id, actor=SYSTEM, now=timezone.now())

    def leave(self, target: str = "/auth/login", browser: Browser | None = None, **query: str) -> Any:
        path = f"/sign-in/with/{self.company.id}/{self.id}"
        return (browser or self.browser).get(path, {"next": target, **query})

    def callback(self, target: str = "/auth/login") -> str:
        """As far as the address that the provider sends the browser back to."""
        return self.theirs.authorize(self.leave(target).url)

    def sign_in(self, target: str = "/auth/login") -> Any:
        return self.browser.go(self.callback(target))

    def link(self, user_id: Any, subject: str = "sub-1") -> None:
        with tenant(self.company.id):
            commands.link_identity(
                provider_id=self.id, user_id=user_id, identity=commands_identity(subject), actor=SYSTEM
            )

    def session_count(self) -> int:
        """How many sessions the linked people have."""
        return sum(sessions.sessions_of(link.user_id, now=timezone.now()).count() for link in self.links())

    def links(self) -> list[IdentityLink]:
        with tenant(self.company.id):
            return list(IdentityLink.objects.in_tenant().select_related("user").order_by("id"))


def commands_identity(subject: str) -> Any:
    from apps.iam.identity_providers.identities import Identity

    return Identity(subject=subject)


@pytest.fixture
def ours(acme: Any, theirs: fake.Provider) -> Ours:
    """Enabled, for addresses at acme.example, which is proved; it makes no accounts and links none by itself."""
    with tenant(acme.id):
        provider = commands.create_identity_provider(
            name="Acme SSO",
            issuer=theirs.issuer,
            client_id=fake.CLIENT_ID,
            client_secret=fake.CLIENT_SECRET,
            email_domains=["acme.example"],
            is_enabled=True,
            actor=SYSTEM,
        )
    made = Ours(acme, provider.id, theirs, Browser())
    made.prove("acme.example")
    return made


@pytest.fixture
def told(acme: Any) -> Callable[..., list[str]]:
    """`told(subject_id)`: the kinds of security events about somebody in the company's log, oldest first."""

    def kinds(subject_id: Any) -> list[str]:
        with tenant(acme.id):
            events = [envelope.event() for envelope in log.stream(subject_id, using="default")]
        return [str(happened.kind) for happened in events if hasattr(happened, "kind")]

    return kinds


@pytest.fixture
def ada(acme: Any) -> identity.Somebody:
    """A member who has a password, and has shown that the address is hers."""
    from apps.iam.users import commands as users

    somebody = identity.member_of(acme, "ada@acme.example", role="clerk")
    users.verify_email(user_id=somebody.id, now=timezone.now())
    return somebody
