"""People, tenants, clients and a browser for tests of signing in."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.oidc.models import Application
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users

PASSWORD = "correct horse battery staple"
AUTHORIZE = "/oidc/authorize"
SECOND_CLIENT_URI = "https://shop.example/callback"


@dataclass(frozen=True)
class Somebody:
    """A person who can sign in."""

    id: UUID
    email: str
    tenant_id: UUID | None


def company(slug: str = "acme") -> Any:
    """A tenant."""
    return tenants.create_tenant(slug=slug, name=slug.title(), default_currency="GBP")


def member_of(tenant: Any, email: str = "mia@acme.example", role: str = "manager") -> Somebody:
    """A person in a tenant, made if need be."""
    with entered(tenant.id):
        membership, _ = users.add_member(
            email=email, name="Mia Miller", roles=[role], password=PASSWORD, actor=SYSTEM, now=timezone.now()
        )
    return Somebody(membership.user_id, email, tenant.id)


def second_client(**changes: Any) -> tuple[Application, str]:
    """Another web application that signs people in here, and its secret."""
    secret = secrets.token_urlsafe(32)
    facts = {
        "client_id": "shop",
        "client_secret": secret,
        "name": "Shop",
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": SECOND_CLIENT_URI,
        "skip_authorization": True,
    }
    return Application.objects.create(**{**facts, **changes}), secret


class Browser(Client):
    """Django's test client that forgets cookies when told to, as a browser does."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        for name in [name for name, morsel in self.cookies.items() if morsel["max-age"] == 0 or not morsel.value]:
            del self.cookies[name]
        return response

    def go(self, url: str) -> Any:
        """GET an address of ours, absolute or not."""
        parts = urlsplit(url)
        assert parts.netloc in ("", "testserver"), url
        return self.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def enter_password(self, next_url: str, email: str, password: str = PASSWORD) -> Any:
        """POST the sign-in form, fetched first where its token is looked at."""
        form = {"email": email, "password": password, "next": next_url}
        if self.handler.enforce_csrf_checks:
            self.get("/sign-in/", {"next": next_url})
            form["csrfmiddlewaretoken"] = self.cookies[settings.CSRF_COOKIE_NAME].value
        return self.post("/sign-in/", form)


@dataclass
class Flow:
    """An authorization request of a relying party that the test plays itself."""

    client_id: str
    client_secret: str
    redirect_uri: str
    browser: Browser

    def __post_init__(self) -> None:
        self.verifier, self.state, self.nonce = (secrets.token_urlsafe(32) for _ in range(3))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def url(self, **changes: Any) -> str:
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email api",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{AUTHORIZE}?{urlencode({name: value for name, value in parameters.items() if value is not None})}"

    def answer(self, email: str, **changes: Any) -> dict[str, str]:
        """Sign in and return the parameters that the client is given."""
        url = self.url(**changes)
        response = self.browser.go(url)
        if response.status_code == 302 and response.url.startswith("/sign-in/"):
            response = self.browser.go(self.browser.enter_password(url, email).url)
        assert response.status_code == 302, response.content
        assert response.url.split("?")[0] == self.redirect_uri, response.url
        return dict(parse_qsl(urlsplit(response.url).query))

    def code(self, email: str) -> str:
        return self.answer(email)["code"]

    def redeem(self, code: str, /, **changes: Any) -> Any:
        """POST to the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **changes,
        }
        return Client().post("/oidc/token", {name: value for name, value in form.items() if value is not None})

    def refresh(self, refresh_token: str, /, **changes: Any) -> Any:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **changes,
        }
        return Client().post("/oidc/token", form)

    def tokens(self, email: str) -> dict[str, Any]:
        """The whole flow."""
        response = self.redeem(self.code(email))
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer


def userinfo(access_token: str) -> Any:
    """GET /oidc/userinfo."""
    return Client().get("/oidc/userinfo", headers={"Authorization": f"Bearer {access_token}"})
