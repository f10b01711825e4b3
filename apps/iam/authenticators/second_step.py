"""From the right password to the session of somebody who has given a second factor too.

In between, the browser's session at the provider remembers on the server whose password was right, for a few minutes.
It has no `sid`, nobody is signed in by it, and no code is given for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.core.api import cookies
from apps.core.auth.step_up import is_at_least
from apps.core.history import Actor
from apps.iam.authenticators import queries
from apps.iam.oidc import sessions, signing_in
from apps.iam.oidc.assurance import FIRST
from apps.iam.users import queries as users
from apps.iam.users.errors import UserNotFound

PAGE = "authenticators:second-step"
FRESH_S = 300
_Onward = Callable[[HttpRequest], HttpResponse]
_PENDING = "second_step"
_POSTPONED = "enrolment_postponed"
_BROWSER = "signin_browser"
_PLACE_BYTES = 24


def is_needed(user: Any) -> bool:
    """True if this person's password alone signs nobody in."""
    return bool(queries.kinds_of(user.pk))


def begin(request: HttpRequest, user: Any, *, amr: Iterable[str] = ("pwd",), within: UUID | None = None) -> None:
    """Remember that the first factor was right, under a new cookie (session fixation). `within` as for `complete`."""
    session: Any = request.session
    session.cycle_key()
    if not request.user.is_authenticated:
        session.set_expiry(settings.SECOND_FACTOR_TIMEOUT_S)
    session[_PENDING] = {
        "user_id": str(user.pk),
        "auth_hash": user.get_session_auth_hash(),
        "amr": list(amr),
        "at": timezone.now().isoformat(),
        "within": str(within) if within else None,
    }


def pending(request: HttpRequest) -> Any:
    """The person whose first factor was right in this browser a few minutes ago, or None."""
    facts = request.session.get(_PENDING)
    if facts is None:
        return None
    user = _still(facts)
    if user is None:
        forget(request)
    return user


def forget(request: HttpRequest) -> None:
    """Go back to where no factor was given."""
    request.session.pop(_PENDING, None)


def person_at(request: HttpRequest) -> Any:
    """Whose second factor is asked for: who gave the first one just now, else who is signed in; None for nobody."""
    found = pending(request)
    if found is not None:
        return found
    return request.user if request.user.is_authenticated else None


def finish(request: HttpRequest, user: Any, *, amr: Iterable[str], onward: _Onward) -> HttpResponse:
    """Sign the person in, by what they gave before and by these methods (RFC 8176); answers with what `onward` says.

    A further factor of somebody who is signed in is added to their session.
    """
    first = pending(request)
    if first is None and second_of(request, user, amr):
        sessions.step_up(request, amr)
        signing_in.record_step_up(request, user)
        return onward(request)
    facts = request.session[_PENDING] if first is not None and first.pk == user.pk else {"amr": ()}
    within = UUID(facts["within"]) if facts.get("within") else None
    forget(request)
    return signing_in.complete(request, user, amr=(*facts["amr"], *amr), onward=onward, within=within)


def second_of(request: HttpRequest, user: Any, amr: Iterable[str]) -> bool:
    """True where these methods come on top of a session of the same person."""
    return bool(request.user.is_authenticated and request.user.pk == user.pk and not FIRST & set(amr))


def may_enrol(request: HttpRequest, *, now: datetime) -> bool:
    """True if the signed-in person may set up a factor here: they have just signed in, with any factor they have."""
    if now - sessions.authenticated_at(request) > timedelta(seconds=FRESH_S):
        return False
    return is_at_least(sessions.acr_of(request), "aal2" if is_needed(request.user) else "aal1")


def postpone(request: HttpRequest) -> None:
    """Do not ask again in this session, as long as the grace lasts."""
    request.session[_POSTPONED] = True


def is_postponed(request: HttpRequest) -> bool:
    return bool(request.session.get(_POSTPONED))


def place_of(request: HttpRequest) -> str:
    """The random name of this browser, to which a passkey's answer is bound; "" where it has none."""
    return str(request.COOKIES.get(_cookie_name(), ""))


def new_place() -> str:
    """A name for a browser that has none."""
    return secrets.token_urlsafe(_PLACE_BYTES)


def keep_place(response: HttpResponse, place: str) -> None:
    """Let the browser keep its name for an hour."""
    cookies.keep(response, _cookie_name(), place, max_age_s=3600)


def actor(user: Any) -> Actor:
    """The person, acting for themselves before they are in any tenant."""
    return Actor(kind="user", id=user.pk, name=user.name)


def _cookie_name() -> str:
    return f"{settings.COOKIE_PREFIX}{_BROWSER}"


def _still(facts: dict[str, Any]) -> Any:
    if timezone.now() - datetime.fromisoformat(facts["at"]) > timedelta(seconds=settings.SECOND_FACTOR_TIMEOUT_S):
        return None
    try:
        user = users.user(UUID(facts["user_id"]))
    except UserNotFound:
        return None
    same_password = constant_time_compare(user.get_session_auth_hash(), facts["auth_hash"])
    return user if user.is_active and same_password else None
