"""Conditional requests (RFC 9110 §13) over an entity's `version`.

The tag stands for the entity, the `data` of the envelope: trace id and time around it differ in every answer. The tags
are strong, since If-Match compares strongly and a version never names two states.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from apps.core.errors import Invalid, PreconditionFailed

_TAG = re.compile(r'(W/)?"([^"]*)"')
_VERSION = re.compile(r"v(\d{1,18})")


class Versioned(Protocol):
    """Anything that counts its changes."""

    version: int


def etag_of(entity: Versioned) -> str:
    """The strong entity tag of the entity's present version, quotes included: `"v3"`."""
    return f'"v{entity.version}"'


def check_if_match(request: Any, entity: Versioned) -> None:
    """Return if the caller's If-Match names the present version, or none was sent (§13.1.1).

    Raises PreconditionFailed. A command that locks later should be given `expected_version` as well.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return
    if etag_of(entity) not in _strong_tags(header):
        raise PreconditionFailed(
            f"the current version is {etag_of(entity)}, not {header}: read it again and repeat", etag=etag_of(entity)
        )


def expected_version(request: Any) -> int | None:
    """The version that If-Match names, for a command to compare under its lock. None when none was named, or `*`.

    Raises Invalid for more than one tag, PreconditionFailed for a tag that is none of ours: it can match nothing.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = _strong_tags(header)
    if len(tags) > 1:
        raise Invalid("If-Match: name one version", errors={"If-Match": ["name one version"]})
    version = _VERSION.fullmatch(tags.pop().strip('"')) if tags else None
    if version is None:
        raise PreconditionFailed(f"{header} is no version of this: send the ETag that a GET gave you")
    return int(version[1])


def not_modified(request: Any, etag: str) -> bool:
    """True if the caller of a GET already has what `etag` stands for (§13.1.2: weak comparison)."""
    header = request.headers.get("If-None-Match")
    if header is None or request.method not in ("GET", "HEAD"):
        return False
    return header.strip() == "*" or etag in {f'"{tag}"' for _, tag in _TAG.findall(header)}


def _strong_tags(header: str) -> set[str]:
    return {f'"{tag}"' for weak, tag in _TAG.findall(header) if not weak}
