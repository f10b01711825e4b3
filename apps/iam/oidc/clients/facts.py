"""What may be said of a client: each fact with its rule. A new one is a field of the model and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings

from apps.iam.oidc.clients import uris
from apps.iam.oidc.clients.errors import InvalidApplication
from apps.iam.oidc.lifetimes import LONGEST_ACCESS_TOKEN_S
from apps.iam.oidc.models import DESCRIPTION_LENGTH, ES256, RS256, Application

ACCESS_TOKEN_LIFETIMES_S = (60, LONGEST_ACCESS_TOKEN_S)
SHORTEST_REFRESH_S = 300
MOST_URIS = 20
_NAME_LENGTH = 100
_Kind = Application.Kind


class _Wrong(ValueError):
    """One or more complaints about a value."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        super().__init__(*texts)


def scopes_of_kind(kind: str) -> list[str]:
    """The scopes that a client of this kind may be allowed."""
    return ["api"] if kind == _Kind.MACHINE else list(settings.OAUTH2_PROVIDER["SCOPES"])


def apply(client: Application, facts: Mapping[str, Any]) -> list[str]:
    """Write facts to a client of known `kind`; returns the names of those that changed. Lists are lists here and text
    in the row. Raises InvalidApplication, naming each fact that breaks its rule.
    """
    wrong: dict[str, list[str]] = {}
    changed = []
    for name, value in facts.items():
        try:
            stored = _RULES[name](value, client.kind)
        except _Wrong as complaint:
            wrong[name] = complaint.texts
            continue
        if getattr(client, name) != stored:
            setattr(client, name, stored)
            changed.append(name)
    if client.is_pairwise and not wrong:
        wrong |= _complaint_of_sector(client)
    if wrong:
        raise InvalidApplication(errors=wrong)
    if client.kind == _Kind.SINGLE_PAGE and "redirect_uris" in changed:
        client.allowed_origins = " ".join(dict.fromkeys(map(uris.origin_of, client.redirect_uris.split())))
        changed.append("allowed_origins")
    return changed


def _complaint_of_sector(client: Application) -> dict[str, list[str]]:
    """Pairwise subjects belong to one host: see `pairwise`."""
    try:
        client.sector  # noqa: B018
    except ValueError as error:
        return {"subject_type": [f"{error}; register one application for each, or use public subjects"]}
    return {}


def _name(value: str, kind: str) -> str:
    text = " ".join(value.split())
    if not 1 <= len(text) <= _NAME_LENGTH or not text.isprintable():
        raise _Wrong(f"1 to {_NAME_LENGTH} characters, as people know it")
    return text


def _description(value: str, kind: str) -> str:
    text = " ".join(value.replace("\x00", "").split())
    if len(text) > DESCRIPTION_LENGTH:
        raise _Wrong(f"at most {DESCRIPTION_LENGTH} characters")
    return text


def _logo(value: str, kind: str) -> str:
    if value and (complaint := uris.complaint_of_link(value)):
        raise _Wrong(complaint)
    return value


def _redirects(value: Iterable[str], kind: str) -> str:
    addresses = _addresses(value, kind)
    if kind == _Kind.MACHINE and addresses:
        raise _Wrong("a service account signs nobody in, so nobody returns to it: leave this empty")
    if kind != _Kind.MACHINE and not addresses:
        raise _Wrong("name at least one address that people return to after signing in")
    return " ".join(addresses)


def _post_logout(value: Iterable[str], kind: str) -> str:
    return " ".join(_addresses(value, kind))


def _logout_address(value: str, kind: str) -> str:
    if value and kind == _Kind.MACHINE:
        raise _Wrong("a service account has no sessions whose end it could hear of: leave this empty")
    if value and (complaint := uris.complaint_of_call(value)):
        raise _Wrong(complaint)
    return value


def _addresses(value: Iterable[str], kind: str) -> list[str]:
    addresses = list(dict.fromkeys(text.strip() for text in value if text.strip()))
    if len(addresses) > MOST_URIS:
        raise _Wrong(f"at most {MOST_URIS} addresses")
    native = kind == _Kind.NATIVE
    wrong = [(uri, uris.complaint_of_redirect(uri, native=native)) for uri in addresses]
    if complaints := [f"{uri[:100]}: {text}" for uri, text in wrong if text]:
        raise _Wrong(*complaints)
    return addresses


def _scopes(value: Iterable[str], kind: str) -> str:
    known, wanted = scopes_of_kind(kind), set(value)
    if unknown := sorted(wanted - set(known)):
        raise _Wrong(f"there is no scope {', '.join(unknown)} for it; there are {', '.join(known)}")
    # All of them is what an empty text means, also when the platform learns another one.
    return "" if wanted == set(known) else " ".join(scope for scope in known if scope in wanted)


def _access_lifetime(value: int | None, kind: str) -> int | None:
    return _within(value, *ACCESS_TOKEN_LIFETIMES_S)


def _refresh_lifetime(value: int | None, kind: str) -> int | None:
    return _within(value, SHORTEST_REFRESH_S, settings.SESSION_COOKIE_AGE)


def _within(value: int | None, least: int, most: int) -> int | None:
    if value is not None and not least <= value <= most:
        raise _Wrong(f"{least} to {most} seconds, or nothing for the platform's own")
    return value


def _subject_type(value: str, kind: str) -> str:
    return _one_of(
        value, Application.SubjectType.values[:1] if kind == _Kind.MACHINE else Application.SubjectType.values
    )


def _algorithm(value: str, kind: str) -> str:
    return _one_of(value, [ES256, RS256])


def _device_grant(value: bool, kind: str) -> bool:
    if value and kind != _Kind.NATIVE:
        raise _Wrong("only a native application runs on devices without a browser")
    return bool(value)


def _one_of(value: str, known: list[str]) -> str:
    if value not in known:
        raise _Wrong(f"one of {', '.join(known)}")
    return value


def _flag(value: bool, kind: str) -> bool:
    return bool(value)


_RULES: dict[str, Callable[[Any, str], Any]] = {
    "name": _name,
    "description": _description,
    "logo_uri": _logo,
    "redirect_uris": _redirects,
    "post_logout_redirect_uris": _post_logout,
    "backchannel_logout_uri": _logout_address,
    "backchannel_logout_session_required": _flag,
    "allowed_scopes": _scopes,
    "access_token_lifetime_s": _access_lifetime,
    "refresh_token_lifetime_s": _refresh_lifetime,
    "device_grant_allowed": _device_grant,
    "subject_type": _subject_type,
    "algorithm": _algorithm,
    "is_enabled": _flag,
}
FACTS = tuple(_RULES)
