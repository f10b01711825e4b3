"""Which addresses a client may register, and what to do about one it may not.

Sources: RFC 6749 §3.1.2, RFC 8252 §7 and §8.3, RFC 9700 §2.1 and §4.1, OpenID Connect Core §3.1.2.1.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from apps.core.remote.outbound import is_private_allowed

LENGTH = 500
_HIGHEST_PORT = 65535
_LOOPBACK_URI = re.compile(r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?][!-~]*|)")
_LOOPBACK_ADDRESSES = {"127.0.0.1", "::1"}


def complaint_of_redirect(uri: str, *, native: bool) -> str:
    """What is wrong with an address that browsers are sent to, and what to do; empty when nothing is.

    `native`: for a program on the person's own device, which may use any port of the loopback interface.
    """
    return _complaint_of_form(uri) or _complaint_of_scheme(urlsplit(uri), native=native)


def complaint_of_link(uri: str) -> str:
    """As `complaint_of_redirect`, for an address that pages point to or that we call ourselves: https only."""
    wrong = _complaint_of_form(uri)
    return wrong or ("" if urlsplit(uri).scheme == "https" else "begin it with https://")


def complaint_of_call(uri: str) -> str:
    """As `complaint_of_link`, for an address that we call: plain http where our own network may be called. Where a name
    leads is looked at whenever it is called.
    """
    may_be_plain = uri.startswith("http://") and not _complaint_of_form(uri) and is_private_allowed(urlsplit(uri))
    return "" if may_be_plain else complaint_of_link(uri)


def origin_of(uri: str) -> str:
    """Scheme, host and port, as browsers name an origin."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(uri: str) -> bool:
    """True for an address of this machine's own interface, by number."""
    return urlsplit(uri).hostname in _LOOPBACK_ADDRESSES


def is_same_but_for_loopback_port(uri: str, allowed: list[str]) -> bool:
    """True if an allowed address of the loopback interface differs from this one in the port at most (RFC 8252 §7.3).

    By the characters, not by their meaning: parsers differ about the rest, and near misses live on that. The interface
    is named by number, in the same family; `localhost` may be led elsewhere (§8.3).
    """
    asked = _LOOPBACK_URI.fullmatch(uri)
    if asked is None or not 0 < int(asked["port"] or 80) <= _HIGHEST_PORT:
        return False
    known = [match for match in map(_LOOPBACK_URI.fullmatch, allowed) if match]
    return any((match["host"], match["rest"]) == (asked["host"], asked["rest"]) for match in known)


def _complaint_of_form(uri: str) -> str:
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri or len(uri) > LENGTH:
        return f"write it in at most {LENGTH} characters of ASCII, without spaces and backslashes"
    try:
        parts = urlsplit(uri)
        has_host = bool(parts.scheme and parts.hostname and (parts.port is None or parts.port > 0))
    except ValueError:
        has_host = False
    if not has_host:
        return _no_address(uri)
    for wrong, text in (
        ("#" in uri, "leave out the fragment, # and what follows it"),
        ("*" in uri, "leave out the wildcard: register each address by itself"),
        ("@" in parts.netloc, "leave out the user name before the @"),
        ({"..", "."} & set(parts.path.split("/")), "leave out . and .. from the path: write where it leads"),
    ):
        if wrong:
            return text
    return ""


def _no_address(uri: str) -> str:
    scheme = uri.partition(":")[0].lower()
    if "." in scheme:
        return (
            "a scheme of your own can be taken by any other app on the device: use an https address that the app has "
            "claimed, or http://127.0.0.1/"
        )
    return "write it in full, such as https://shop.example/callback"


def _complaint_of_scheme(parts: SplitResult, *, native: bool) -> str:
    if parts.scheme == "https":
        return ""
    if parts.scheme != "http":
        return "begin it with https://"
    if parts.hostname in _LOOPBACK_ADDRESSES:
        return ""
    if parts.hostname == "localhost":
        return "write http://127.0.0.1/ instead of localhost, which may be led elsewhere" if native else ""
    return "begin it with https://: plain http is for this machine alone, http://127.0.0.1/ or http://localhost/"
