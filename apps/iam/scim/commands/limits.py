"""What the commands of this feature refuse, each in one place."""

from __future__ import annotations

import re
from typing import Any

from apps.core.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def check_version(resource: Any, expected: str | None) -> None:
    """Return if `expected`, an If-Match header, names the present version, is `*`, or was not sent (RFC 7644 §3.14).

    Call it under the lock. The tags are weak, and compared as RFC 7644's examples do. Raises PreconditionFailed.
    """
    if expected is None or expected.strip() == "*":
        return
    present = resource.meta.version
    if _TAG.findall(present)[0] not in _TAG.findall(expected):
        raise PreconditionFailed(f"the current version is {present}, not {expected}: read it again and repeat")
