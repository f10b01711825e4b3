from __future__ import annotations

import json
import logging
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.observability.redaction import HIDDEN, redact_event, redacted, redacted_text, secret_key

SECRET = "s3cr3t-" + "x" * 12
secrets = st.text(string.ascii_letters + string.digits + "-_.", min_size=8, max_size=40).map(lambda s: f"S3CR{s}")
keys = st.sampled_from(
    [
        "authorization",
        "Authorization",
        "HTTP_AUTHORIZATION",
        "cookie",
        "Set-Cookie",
        "password",
        "new_password",
        "token",
        "access_token",
        "refreshToken",
        "id_token",
        "client_secret",
        "clientSecret",
        "secret",
        "code",
        "code_verifier",
        "X-CSRFToken",
        "api_key",
        "X-Api-Key",
    ]
)
base64url = st.text(string.ascii_letters + string.digits + "-_", min_size=8, max_size=60)
jwts = st.builds(lambda a, b, c: f"eyJ{a}.eyJ{b}.{c}", base64url, base64url, base64url)
harmless = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def wrapped(value: Any, path: list[str]) -> Any:
    """The value, buried under dictionaries and lists."""
    for step in path:
        value = [value, "x"] if step == "list" else ({"value": value} if step == "dict" else (value,))
    return value


paths = st.lists(st.sampled_from(["list", "dict", "tuple"]), max_size=6)


class TestFuzz:
    @given(keys, secrets, paths, harmless)
    def test_a_value_under_a_secret_key_never_comes_through(
        self, key: str, secret: str, path: list[str], other: Any
    ) -> None:
        event = {"event": "x", "data": wrapped({key: wrapped(secret, path), "other": other}, path)}

        assert secret not in json.dumps(redact_event(None, "info", event), default=str)

    @given(st.sampled_from(["Bearer ", "bearer ", "BEARER  ", "Basic "]), secrets, st.text(max_size=20), paths)
    def test_a_credential_in_any_text_never_comes_through(
        self, scheme: str, secret: str, before: str, path: list[str]
    ) -> None:
        event = {"event": wrapped(f"{before} {scheme}{secret} after", path)}

        assert secret not in json.dumps(redact_event(None, "info", event), default=str)

    @given(jwts, st.text(max_size=20), st.text(string.punctuation + " ", max_size=3), paths)
    def test_a_jwt_in_any_text_never_comes_through(self, jwt: str, before: str, between: str, path: list[str]) -> None:
        shown = json.dumps(redacted(wrapped(f"{before} {between}{jwt}", path)), default=str)

        assert jwt not in shown
        assert jwt.split(".")[1] not in shown

    @given(
        st.sampled_from(["password", "client_secret", "token", "access_token", "code", "id_token", "refresh_token"]),
        secrets,
        st.sampled_from(["{k}={v}", "a=1&{k}={v}&b=2", "'{k}': '{v}'", '{{"{k}": "{v}"}}', "{k}: {v}", "?{k}={v}#"]),
    )
    def test_a_pair_in_any_text_never_comes_through(self, key: str, secret: str, form: str) -> None:
        assert secret not in redacted_text(form.format(k=key, v=secret))

    @given(harmless)
    def test_is_settled_after_one_pass(self, value: Any) -> None:
        once = redacted(value)

        assert redacted(once) == once


class TestRedaction:
    def test_hides_passwords_in_urls(self) -> None:
        shown = redacted_text(f"cannot connect to postgresql://app:{SECRET}@db:5432/x")

        assert shown == f"cannot connect to postgresql://{HIDDEN}@db:5432/x"

    @pytest.mark.parametrize("text", ["order placed", "GET /orders/?page=2", "https://a.example/x@y", "decode: done"])
    def test_leaves_the_rest_as_it_is(self, text: str) -> None:
        assert redacted_text(text) == text

    @pytest.mark.parametrize("key", ["order_id", "status", "error_code", "country_code", "problem", "path", "trace_id"])
    def test_leaves_harmless_keys(self, key: str) -> None:
        assert not secret_key(key)

    def test_survives_what_cannot_be_printed_well(self) -> None:
        circle: list[Any] = []
        circle.append(circle)

        assert HIDDEN in json.dumps(redacted(circle))


class TestLogs:
    def test_hide_secrets_in_tracebacks_arguments_and_foreign_loggers(self, capsys: Any) -> None:
        from django.conf import settings

        from apps.core.observability import get_logger, logs

        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        try:
            logs.configure({"level": "INFO", "format": "json"})
            handler = root.handlers[0]
            try:
                raise ValueError(f"token={SECRET}")
            except ValueError:
                get_logger("test").exception("it failed", headers={"Authorization": f"Bearer {SECRET}"}, tenant="acme")
            logging.getLogger("foreign").warning("calling with %s", f"Bearer {SECRET}", extra={"password": SECRET})
            handler.flush()
        finally:
            logs.configure(settings.LOGGING)
            root.handlers, root.level = handlers, level

        lines = capsys.readouterr().err.strip().splitlines()
        assert SECRET not in "".join(lines)
        first, second = (json.loads(line) for line in lines)
        assert (first["event"], first["level"], first["tenant"], first["logger"]) == (
            "it failed",
            "error",
            "acme",
            "test",
        )
        assert "ValueError" in first["exception"]
        assert (second["event"], second["logger"]) == (f"calling with Bearer {HIDDEN}", "foreign")
        assert second["timestamp"].endswith("Z")
