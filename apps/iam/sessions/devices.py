"""What a person would call the program that they use: `Firefox on Linux`.

Browsers name all their ancestors in `User-Agent` (RFC 9110 §10.1.5), so that the order of the tables below decides.
What cannot be told apart is not guessed: a name only helps people to recognise what is theirs.
"""

from __future__ import annotations

_PROGRAMS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-requests/", "Python"),
    ("python-httpx", "Python"),
    ("okhttp/", "An Android app"),
    ("CFNetwork/", "An Apple app"),
    ("PostmanRuntime/", "Postman"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
UNKNOWN = "Unknown device"


def device_name(user_agent: str) -> str:
    """The name of the program and its system, as far as the header tells; UNKNOWN when it tells neither."""
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (program, system))) or UNKNOWN
