"""The settings that a tenant's own people may change: their types, their limits, and what they mean when left out.

How people sign in, and for how long, is said by the sign-in policy (`iam.authenticators`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec

from apps.iam.tenants.errors import InvalidConfiguration

CURRENCY = r"[A-Z]{3}"
LOCALE = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?"
COLOUR = r"#[0-9a-f]{6}"
# RFC 1035 §2.3.1, without the root's dot.
DOMAIN = r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
LONGEST_NAME = 200
MOST_DOMAINS = 50
LONGEST_RETENTION_DAYS = 3650

Rule = Literal["when_possible", "always", "never"]


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a tenant. A later one needs a default, which earlier versions then have."""

    name: str
    default_currency: str
    locale: str = "en-GB"
    time_zone: str = "UTC"
    colour: str = ""
    allowed_email_domains: tuple[str, ...] = ()
    """Only addresses of these domains may be invited; empty: any."""
    approvals: dict[str, Rule] = {}
    """By kind of change; what is not named is decided `when_possible`."""
    retention_days: int = 365
    """How long closed approvals and the records of exports are kept."""


FIELDS = Configuration.__struct_fields__


def decoded(values: Mapping[str, Any]) -> Configuration:
    """A stored version. Settings that no longer exist are left out."""
    return msgspec.convert(dict(values), Configuration)


def encoded(configuration: Configuration) -> dict[str, Any]:
    """For storing: plain JSON values."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(configuration))
    return plain


def changed(before: Configuration, changes: Mapping[str, Any]) -> Configuration:
    """The configuration with some settings replaced. Raises InvalidConfiguration naming each that is wrong."""
    unknown = sorted(set(changes) - set(FIELDS))
    if unknown:
        raise InvalidConfiguration(errors={name: ["there is no such setting"] for name in unknown})
    wrong = {name: [text] for name, value in changes.items() if (text := _wrong(name, value))}
    if wrong:
        raise InvalidConfiguration(errors=wrong)
    try:
        after = msgspec.convert({**encoded(before), **{n: _tidy(n, v) for n, v in changes.items()}}, Configuration)
    except msgspec.ValidationError as error:
        raise InvalidConfiguration(str(error)) from error
    return after


def differing(before: Configuration, after: Configuration) -> list[str]:
    """The names of the settings that differ, in the order of their declaration."""
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]


def _tidy(name: str, value: Any) -> Any:
    if name == "name":
        return " ".join(value.split())
    return sorted(set(value)) if name == "allowed_email_domains" else value


def _wrong(name: str, value: Any) -> str:
    """What is wrong with a value, or ""."""
    return str(_CHECKS[name](value))


def _name(value: Any) -> str:
    fits = isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_NAME and "\x00" not in value
    return "" if fits else f"1 to {LONGEST_NAME} characters"


def _matching(pattern: str, text: str, *, optional: bool = False) -> Any:
    def check(value: Any) -> str:
        fits = isinstance(value, str) and (re.fullmatch(pattern, value) or (optional and not value))
        return "" if fits else text

    return check


@cache
def time_zones() -> frozenset[str]:
    """The names of the time zone database, which is read file by file."""
    return frozenset(available_timezones())


def _time_zone(value: Any) -> str:
    known = isinstance(value, str) and value in time_zones()
    return "" if known else "a name of the time zone database, for example Europe/London"


def _between(low: int, high: int, unit: str) -> Any:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"{low} to {high} {unit}"

    return check


def _domains(value: Any) -> str:
    if not isinstance(value, list | tuple) or len(value) > MOST_DOMAINS:
        return f"a list of at most {MOST_DOMAINS} domains"
    bad = [str(one)[:80] for one in value if not isinstance(one, str) or not re.fullmatch(DOMAIN, one)]
    return f"not a domain in small letters: {', '.join(bad)}" if bad else ""


def _approvals(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "a rule for each kind of change"
    rules = Rule.__args__  # type: ignore[attr-defined]
    bad = sorted(str(kind)[:80] for kind, rule in value.items() if rule not in rules or not isinstance(kind, str))
    return f"one of {', '.join(rules)} is needed for {', '.join(bad)}" if bad else ""


_CHECKS: dict[str, Any] = {
    "name": _name,
    "default_currency": _matching(CURRENCY, "three capital letters (ISO 4217), for example EUR"),
    "locale": _matching(LOCALE, "a language tag (BCP 47), for example en-GB"),
    "time_zone": _time_zone,
    "colour": _matching(COLOUR, "six hexadecimal digits in small letters after #, for example #1f4fd8", optional=True),
    "allowed_email_domains": _domains,
    "approvals": _approvals,
    "retention_days": _between(1, LONGEST_RETENTION_DAYS, "days"),
}
