"""A real OpenID Connect provider on this machine's loopback, that lies as it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig", "alg": "RS256"})
NEW_KEY = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig", "alg": "RS256"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"})
CLIENT_ID, CLIENT_SECRET = "platform", "its + secret/with:signs"


class Provider:
    """Signs people in without asking, as `claims` describe them. What it does wrong is set by attributes, or by
    `lies`: functions by path that answer instead.
    """

    def __init__(self, port: int, name: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}/{name}"
        self.key: Any = RSA_KEY
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {"sub": "sub-1"}
        self.userinfo: dict[str, Any] = {"sub": "sub-1", "email": "ada@acme.example", "email_verified": True}
        self.published: list[Any] = [RSA_KEY, EC_KEY]
        self.configuration: dict[str, Any] = {}
        self.make_token: Callable[[dict[str, Any]], str] = self.signed
        self.token_answer: dict[str, Any] = {}
        self.answer: dict[str, str] = {"iss": self.issuer}
        self.lies: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: dict[str, dict[str, str]] = {}
        self.paths: list[str] = []

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
            **self.configuration,
        }

    def authorize(self, url: str) -> str:
        """What the browser does there: the address that it is sent back to."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        answer = {"code": code, "state": asked["state"], **self.answer}
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """As RFC 6749 §4.1.3 and RFC 7636 §4.6 have it."""
        asked = self.asked.pop(form.get("code", ""), None)
        pair = "its+%2B+secret%2Fwith%3Asigns"
        in_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not in_form and authorization != f"Basic {base64.b64encode(f'{CLIENT_ID}:{pair}'.encode()).decode()}":
            return 401, {"error": "invalid_client"}
        if asked is None or asked["code_challenge"] != proof or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        honest |= {"auth_time": now} if "max_age" in asked else {}
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        tokens = {"access_token": "at-1", "token_type": "Bearer", "id_token": self.make_token(claims)}
        return 200, {**tokens, **self.token_answer}

    def signed(self, claims: dict[str, Any]) -> str:
        facts = self.key.as_dict(private=False)
        return jwt.encode({"alg": facts["alg"], "kid": facts["kid"], **self.header}, claims, self.key)


def unsigned(claims: dict[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'kid': 'rsa-1'})}.{encoded(claims)}."


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    body = f"{encoded({'alg': 'HS256', 'kid': 'rsa-1', 'typ': 'JWT'})}.{encoded(claims)}"
    mac = hmac.new(RSA_KEY.as_pem(private=False), body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, answering until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    server.daemon_threads = True
    provider = Provider(server.server_port, secrets.token_hex(4))
    server.RequestHandlerClass.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path = self._path()
        if path in self.provider.lies:
            return self.provider.lies[path](self)
        if path == "/.well-known/openid-configuration":
            return self.send(200, self.provider.discovery())
        if path == "/jwks":
            return self.send(200, {"keys": [key.as_dict(private=False) for key in self.provider.published]})
        if path == "/userinfo":
            return self.send(200, self.provider.userinfo)
        return self.send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        path = self._path()
        if path in self.provider.lies:
            return self.provider.lies[path](self)
        form = {name: values[0] for name, values in parse_qs(body).items()}
        return self.send(*self.provider.token(form, self.headers.get("Authorization", "")))

    def send(self, status: int, content: dict[str, Any], **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def _path(self) -> str:
        path = urlsplit(self.path).path
        path = path.removeprefix(urlsplit(self.provider.issuer).path)
        self.provider.paths.append(path)
        return path
