"""Keeps secrets out of logs and traces: by the name of a key, and by the look of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "[redacted]"
_DEEPEST = 12

# Anywhere in a key, once it is lower case without punctuation.
_SECRET_PARTS = (
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "signingkey",
    "csrf",
    "sessionid",
    "sessionkey",
    "codeverifier",
    "assertion",
)
_SECRET_NAMES = frozenset({"code", "otp", "pin", "jwt", "pwd", "dsn", "nonce", "state"})
_PUNCTUATION = str.maketrans("", "", "_-. ")

# Nearly every text has none of these and is done with at once; a regular expression would take five times as long.
_HINTS = (
    "://",
    "eyj",
    "bearer",
    "basic",
    "word",
    "passwd",
    "secret",
    "token",
    "code",
    "key",
    "assertion",
    "cookie",
    "pfk_",
    "lnk_",
)
_JWT = re.compile(r"eyJ[\w-]{4,}(?:\.[\w-]*){1,4}")
_API_KEY = re.compile(r"pfk_[0-9A-Za-z]{16,}")
_LINK = re.compile(r"lnk_[\w\-:.=]+")  # what `iam.credentials.links` puts into mails is as good as a password
_SCHEME = re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)[^\s,;'\"]+")
_USERINFO = re.compile(r"(://)[^/\s@]*@")
_PAIR = re.compile(
    r"(?i)\b([\w-]*(?:password|passwd|secret|token|code_verifier|api_?key|assertion|cookie)|code)"
    r"(['\"]?\s*[=:]\s*)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s&,;'\"\[\]]+)"
)


@lru_cache(maxsize=4096)
def _secret_name(name: str) -> bool:
    plain = name.lower().translate(_PUNCTUATION)
    return plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS)


def secret_key(name: object) -> bool:
    """True if a value under this name is not to be seen: `Authorization`, `client-secret`, `code` …"""
    return _secret_name(str(name))


def redacted_text(text: str) -> str:
    """The text without bearer and basic credentials, JWTs, passwords in URLs, and `secret=value` pairs."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    text = _LINK.sub(HIDDEN, _API_KEY.sub(HIDDEN, _JWT.sub(HIDDEN, text)))
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    return _PAIR.sub(rf"\1\2{HIDDEN}", text)


def redacted(value: Any, depth: int = 0) -> Any:
    """The value with every secret in it replaced, however deep; what lies deeper than twelve levels is hidden whole."""
    if isinstance(value, str):
        return redacted_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {k: HIDDEN if secret_key(k) else redacted(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return redacted_text(bytes(value).decode("utf-8", "replace"))
    return redacted_text(str(value))


def redact_event(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: the last one before rendering, so that tracebacks are covered too."""
    return {k: v if k.startswith("_") else (HIDDEN if secret_key(k) else redacted(v)) for k, v in event.items()}
