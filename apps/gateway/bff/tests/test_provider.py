"""The provider in another process: asked over HTTP, with time limits, and never believed without looking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.gateway.bff import provider
from apps.gateway.bff.errors import ProviderRefused, ProviderUnavailable


class _Handler(BaseHTTPRequestHandler):
    status, body, location = 200, b"{}", ""
    seen: list[dict[str, list[str]]] = []

    def do_POST(self) -> None:
        self.seen.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[type[_Handler]]:
    """A provider in another process, whose answers the test sets."""
    handler = type("Handler", (_Handler,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    settings.SERVICES = ["gateway"]
    settings.OIDC_OP_TOKEN_ENDPOINT, settings.OIDC_OP_JWKS_ENDPOINT = f"{base}/token", f"{base}/jwks"
    settings.OIDC_OP_REVOCATION_ENDPOINT = f"{base}/revoke"
    yield handler
    server.shutdown()
    server.server_close()


def test_is_here_when_iam_is_and_the_issuer_is_ours(settings: Any) -> None:
    assert provider.is_here()
    settings.OIDC_RP_ISSUER = "https://keycloak.example/realms/x"
    assert not provider.is_here()


def test_is_asked_as_ourselves(elsewhere: Any, settings: Any) -> None:
    elsewhere.body = json.dumps({"access_token": "a"}).encode()

    assert provider.token({"grant_type": "refresh_token"}) == {"access_token": "a"}
    provider.revoke("r")

    assert elsewhere.seen[0]["client_id"] == ["bff"]
    assert elsewhere.seen[0]["client_secret"] == [settings.OIDC_RP_CLIENT_SECRET]
    assert elsewhere.seen[1]["token"] == ["r"]


@pytest.mark.parametrize("status", [400, 401])
def test_refusal_is_told_by_its_code_only(elsewhere: Any, status: int) -> None:
    elsewhere.status = status
    elsewhere.body = json.dumps({"error": "invalid_grant", "error_description": "secret thing"}).encode()

    with pytest.raises(ProviderRefused, match="invalid_grant") as caught:
        provider.token({})

    assert "secret thing" not in str(caught.value)


@pytest.mark.parametrize(("status", "body"), [(400, b"<html>"), (400, b'{"error": "<b>"}'), (401, b"[]")])
def test_strange_refusal_is_still_a_refusal(elsewhere: Any, status: int, body: bytes) -> None:
    elsewhere.status, elsewhere.body = status, body

    with pytest.raises(ProviderRefused) as caught:
        provider.token({})

    assert "<" not in str(caught.value)


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (503, b"{}"), (200, b"not json"), (302, b"")])
def test_anything_else_is_an_outage(elsewhere: Any, status: int, body: bytes) -> None:
    elsewhere.status, elsewhere.body = status, body
    elsewhere.location = "http://127.0.0.1:9/" if status == 302 else ""

    with pytest.raises(ProviderUnavailable):
        provider.token({})


def test_keys_come_over_http_too(elsewhere: Any) -> None:
    elsewhere.body = b'{"keys": []}'
    assert provider.jwks() == {"keys": []}

    elsewhere.status = 500
    with pytest.raises(ProviderUnavailable):
        provider.jwks()
