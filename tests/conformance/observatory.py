"""The grade that MDN's HTTP Observatory would give an answer: its published tests and points, in short.

Source: developer.mozilla.org/en-US/observatory/docs/tests_and_scoring. Nobody can be asked whether we are on the list
that browsers are shipped with, so nothing is gained from that here.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

_BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
_UNSAFE = {"'unsafe-inline'", "data:"}
_SIX_MONTHS_S = 15_552_000
_PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_ENOUGH_FOR_EXTRA = 90  # below it nothing is gained, only lost


def points(answer: Any, *, over_http: Any) -> dict[str, int]:
    """What each test adds or takes. `over_http` is the answer to the same request without TLS."""
    policy = _policy(answer.get("Content-Security-Policy", ""))
    return {
        "content-security-policy": _csp(policy),
        "cookies": _cookies(answer),
        "cross-origin-resource-sharing": -50 if "Access-Control-Allow-Credentials" in answer else 0,
        "cross-origin-resource-policy": _isolated(answer, "Resource", {"same-origin", "same-site"}, {"cross-origin"}),
        "cross-origin-embedder-policy": _isolated(answer, "Embedder", {"require-corp", "credentialless"}),
        "cross-origin-opener-policy": _isolated(answer, "Opener", {"same-origin", "same-origin-allow-popups"}),
        "redirection": _redirection(over_http),
        "referrer-policy": _referrer(answer.get("Referrer-Policy", "")),
        "strict-transport-security": _hsts(answer),
        "subresource-integrity": _integrity(answer),
        "x-content-type-options": 0 if answer.get("X-Content-Type-Options") == "nosniff" else -5,
        "x-frame-options": 5 if "frame-ancestors" in policy or _frames_refused(answer) else -20,
    }


def grade(given: dict[str, int]) -> str:
    """From A+ to F."""
    lost = 100 + sum(one for one in given.values() if one < 0)
    score = 100 + sum(given.values()) if lost >= _ENOUGH_FOR_EXTRA else max(lost, 0)
    steps = [(100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-")]
    steps += [(40, "D+"), (30, "D"), (25, "D-"), (0, "F")]
    return next(letter for least, letter in steps if score >= least)


def _policy(header: str) -> dict[str, set[str]]:
    words = [part.split() for part in header.lower().split(";") if part.strip()]
    return {name: set(sources) for name, *sources in words}


def _csp(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    anything = policy.get("default-src", {"*"})
    script, style = policy.get("script-src", anything), policy.get("style-src", anything)
    if any(source.startswith(("'nonce-", "'sha")) for source in script):
        script = script - {"'unsafe-inline'"}
    if script & (_BROAD | _UNSAFE) or policy.get("object-src", anything) & _BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for sources in policy.values() for source in sources):
        return -20
    if "'unsafe-eval'" in script | style:
        return -10
    if style & (_BROAD | _UNSAFE):
        return 0
    return 10 if anything == {"'none'"} else 5


def _cookies(answer: Any) -> int:
    """Of the worst one."""
    return min((_cookie(name, morsel, answer) for name, morsel in answer.cookies.items()), default=0)


def _cookie(name: str, morsel: Any, answer: Any) -> int:
    is_session, is_csrf = any(word in name.lower() for word in ("login", "sess")), "csrf" in name.lower()
    if not morsel["secure"]:
        over_tls_only = _hsts(answer) == 0
        return (-10 if over_tls_only else -40) if is_session else (-5 if over_tls_only else -20)
    if is_session and not morsel["httponly"]:
        return -30
    if morsel["samesite"] not in ("Strict", "Lax"):
        return -20 if is_csrf or morsel["samesite"] else 0
    return 5


def _isolated(answer: Any, what: str, good: set[str], neutral: set[str] = frozenset({"unsafe-none"})) -> int:  # type: ignore[assignment]
    value = answer.get(f"Cross-Origin-{what}-Policy", "")
    return 10 if value in good else 0 if value in neutral or not value else -5


def _redirection(answer: Any) -> int:
    return 0 if answer.status_code in (301, 302, 307, 308) and urlsplit(answer.url).scheme == "https" else -20


def _referrer(header: str) -> int:
    return 5 if header in _PRIVATE else -5 if header else 0


def _hsts(answer: Any) -> int:
    found = re.search(r"max-age=(\d+)", answer.get("Strict-Transport-Security", ""))
    return -20 if found is None else 0 if int(found[1]) >= _SIX_MONTHS_S else -10


def _integrity(answer: Any) -> int:
    """Nothing of ours comes from elsewhere: a script that does costs, whether or not it is pinned."""
    if not answer["Content-Type"].startswith("text/html"):
        return 0
    return -5 if re.search(r"""<script[^>]+src=["']?(https?:)?//""", answer.content.decode()) else 0


def _frames_refused(answer: Any) -> bool:
    return answer.get("X-Frame-Options", "").lower() in ("deny", "sameorigin")
