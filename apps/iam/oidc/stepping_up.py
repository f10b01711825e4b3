"""What an authorization request asks of the sign-in behind it: `prompt`, `max_age` and `acr_values` (OpenID Connect
Core §3.1.2.1, RFC 9470 §4).

    demands = stepping_up.demanded(parameters)      what the request asks for
    stepping_up.needs(request, target)              what is still missing; None when the code can be given

The authorization endpoint sends people who lack something to `/sign-in/?next=<the same request, with a mark>`. The mark
is signed, belongs to this one request and says when it was asked: whoever has proved since then who they are has done
what `prompt=login` asks, and is not asked again. It is good for one code.

For pages that take a factor: `needs(request, target)` with the `next` they were given says what that authorization
request still lacks. `fresh` means that the person must prove now who they are, by whatever the page offers; `acr` names
the level that is lacking. After `sessions.begin` or `sessions.step_up` the browser goes on to `target`, or, when the
person will not or cannot do it, to `give_up_url(target)`, which tells the client so. Whoever lacks nothing but a level
is sent on from the sign-in page to settings.STEP_UP_PAGE (the name of a URL, given the same `next`). Such pages lie
below /sign-in/, where the provider's session is at home; settings.HIGHEST_ACR says who can reach which level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.cache import caches
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, InvalidRequestError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import LoginRequired, RequestNotSupported, RequestURINotSupported

from apps.core.auth.step_up import AAL1, AAL2, is_at_least
from apps.iam.oidc import assurance, claims_parameter, id_tokens, queries, sessions

PARAMETERS = ("prompt", "max_age", "acr_values", "claims", "id_token_hint", "response_mode")
PROMPTS = ("none", "login", "consent", "select_account")
_MARK, _SALT = "asked", "oidc.asked"
_GIVEN_UP = "given_up"
_MARK_LIVES_S = 3600
_LONGEST_MAX_AGE = 9  # digits


class UnmetAuthenticationRequirements(OAuth2Error):
    """The level that was asked for cannot be reached (OpenID Connect Unmet Authentication Requirements 1.0)."""

    error = "unmet_authentication_requirements"
    description = "The sign-in cannot be as strong as was asked for."


@dataclass(frozen=True, slots=True)
class Demands:
    """What an authorization request asks for.

    `acrs`: the levels that are good enough, the weakest first; none where any is. `subjects`: whom the client expects
    to sign in, as it knows people; nobody in particular where there are none. `asked_at`: when this very request first
    sent its person to the sign-in page. `claims`: what else is asked for, one by one.
    """

    prompts: frozenset[str] = frozenset()
    max_age_s: int | None = None
    acrs: tuple[str, ...] = ()
    asked_at: datetime | None = None
    subjects: frozenset[str] = frozenset()
    client_id: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_silent(self) -> bool:
        return "none" in self.prompts

    @property
    def asks_again(self) -> bool:
        """True if somebody who is signed in may have to prove it again."""
        return bool(self.prompts & {"login", "select_account"} or self.subjects) or self.max_age_s is not None

    def acr_told(self, reached: str) -> str:
        """What tokens say of a sign-in at the level `reached`: the best of those that were asked for, as the client
        expects one of these (OpenID Connect Core §5.5.1.1); otherwise the level itself.
        """
        good = [acr for acr in self.acrs if is_at_least(reached, acr)]
        return good[-1] if good else reached


@dataclass(frozen=True, slots=True)
class Needs:
    """`fresh`: the person must prove now who they are. `acr`: the level to reach, "" when that is no question."""

    fresh: bool
    acr: str


def demanded(parameters: QueryDict) -> Demands:
    """Raises InvalidRequestError on what is not well formed, UnmetAuthenticationRequirements on levels we do not have,
    RequestNotSupported or RequestURINotSupported on request objects, AccessDeniedError where the person has given up.
    """
    for name in (*PARAMETERS, _MARK):
        if len(parameters.getlist(name)) > 1:
            raise InvalidRequestError(description=f"{name} is given more than once.")
    if "request" in parameters:  # not ignored: the client relies on what is inside (OpenID Connect Core §6.1)
        raise RequestNotSupported
    if "request_uri" in parameters:
        raise RequestURINotSupported
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequestError(description="response_mode must be query.")
    claims = _claims(parameters)
    acrs = _acrs(parameters.get("acr_values", "").split(), claims)
    if _GIVEN_UP in parameters:
        raise UnmetAuthenticationRequirements if acrs else AccessDeniedError
    return Demands(
        _prompts(parameters),
        _max_age_s(parameters),
        acrs,
        _asked_at(parameters),
        _subjects(parameters, claims),
        parameters.get("client_id", ""),
        claims,
    )


def needs(request: HttpRequest, target: str) -> Needs | None:
    """What the authorization request at the address `target` lacks of this browser's sign-in; None when nothing, and
    for any other address.
    """
    parts = urlsplit(target)
    if parts.path != reverse("oauth2_provider:authorize"):
        return None
    try:
        return lacking(request, demanded(QueryDict(parts.query)))
    except OAuth2Error:
        return None  # the authorization endpoint tells the client


def lacking(request: HttpRequest, demands: Demands) -> Needs | None:
    """What the demands lack of this browser's sign-in. Raises UnmetAuthenticationRequirements, or LoginRequired where
    somebody has signed in for this request, but not the one whom the client expects.
    """
    weakest = demands.acrs[0] if demands.acrs else ""
    if not request.user.is_authenticated:
        return Needs(fresh=True, acr=weakest)
    wanted = "" if is_at_least(sessions.acr_of(request), weakest) else weakest
    if wanted and not is_at_least(highest(request.user), wanted):
        raise UnmetAuthenticationRequirements
    at = sessions.authenticated_at(request)
    fresh = not _is_fresh(at, demands) or not _is_expected(request.user, demands)
    if fresh and demands.asked_at is not None and at >= demands.asked_at:
        raise LoginRequired(description="Somebody else has signed in.")
    return Needs(fresh, wanted) if fresh or wanted else None


def highest(user: Any) -> str:
    """The level that a person can reach here."""
    if not (settings.STEP_UP_PAGE and settings.HIGHEST_ACR):
        return AAL1
    return str(import_string(settings.HIGHEST_ACR)(user.pk))


def supported() -> list[str]:
    """The levels that anybody could reach (`acr_values_supported`)."""
    return [AAL1, AAL2] if settings.STEP_UP_PAGE else [AAL1]


def marked(request: HttpRequest) -> str:
    """The address of this authorization request with the mark that it was asked now, or was before."""
    parameters = request.GET.copy()
    if _asked_at(request.GET) is None:
        parameters[_MARK] = signing.dumps([timezone.now().isoformat(), _digest(parameters)], salt=_SALT)
    return f"{request.path}?{parameters.urlencode()}"


def use_up(request: HttpRequest) -> None:
    """The request has brought its code: the next one like it is asked anew."""
    mark = request.GET.get(_MARK)
    if mark:
        caches[settings.SESSION_CACHE_ALIAS].set(_used(mark), 1, _MARK_LIVES_S)


def give_up_url(target: str) -> str:
    """Where a person goes who will not, or cannot, do what the authorization request at `target` asks."""
    return f"{target}&{_GIVEN_UP}=1"


def _is_fresh(authenticated_at: datetime, demands: Demands) -> bool:
    if demands.asked_at is not None and authenticated_at >= demands.asked_at:
        return True
    if demands.prompts & {"login", "select_account"}:
        return False
    return demands.max_age_s is None or timezone.now() - authenticated_at < timedelta(seconds=demands.max_age_s)


def _is_expected(user: Any, demands: Demands) -> bool:
    if not demands.subjects:
        return True
    client = queries.client(demands.client_id)
    return client is not None and queries.subject_for(client, user.pk) in demands.subjects


def _prompts(parameters: QueryDict) -> frozenset[str]:
    prompts = frozenset(parameters.get("prompt", "").split())
    unknown = sorted(prompts - set(PROMPTS))
    if unknown:
        raise InvalidRequestError(description=f"prompt={unknown[0]} is not supported.")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequestError(description="prompt=none goes with no other prompt.")
    return prompts


def _max_age_s(parameters: QueryDict) -> int | None:
    text = parameters.get("max_age", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_MAX_AGE):
        raise InvalidRequestError(description="max_age must be a number of seconds.")
    return int(text)


def _claims(parameters: QueryDict) -> claims_parameter.Requested:
    try:
        return claims_parameter.parsed(parameters.get("claims", ""))
    except ValueError as error:
        raise InvalidRequestError(description=f"{error}.") from error


def _acrs(preferred: list[str], claims: claims_parameter.Requested) -> tuple[str, ...]:
    """As an essential claim it must be one of its values (OpenID Connect Core §5.5.1.1), whatever acr_values says."""
    asked = claims_parameter.values(claims, "acr", essential=True) or preferred
    known = tuple(acr for acr in assurance.LEVELS if acr in asked)
    if asked and not known:
        raise UnmetAuthenticationRequirements
    return known


def _subjects(parameters: QueryDict, claims: claims_parameter.Requested) -> frozenset[str]:
    """Whom the client expects: the `sub` that it asks for, or that of the ID token it was given before."""
    asked, hint = claims_parameter.values(claims, "sub"), parameters.get("id_token_hint", "")
    if not hint:
        return frozenset(asked)
    try:
        hinted = str(id_tokens.claims_of(hint)["sub"])
    except ValueError as error:
        raise InvalidRequestError(description=f"id_token_hint: {error}.") from error
    return frozenset({hinted} & set(asked) if asked else {hinted})


def _asked_at(parameters: QueryDict) -> datetime | None:
    """When the request was marked; None without a mark of ours for this request that is still good."""
    mark = parameters.get(_MARK, "")
    try:
        at, digest = signing.loads(mark, salt=_SALT, max_age=_MARK_LIVES_S)
    except signing.BadSignature:
        return None
    if digest != _digest(parameters) or caches[settings.SESSION_CACHE_ALIAS].get(_used(mark)):
        return None
    return datetime.fromisoformat(at)


def _digest(parameters: QueryDict) -> str:
    """Of what the client sent, whatever we added."""
    own = [(name, values) for name, values in parameters.lists() if name not in (_MARK, _GIVEN_UP)]
    return hashlib.sha256(repr(own).encode()).hexdigest()


def _used(mark: str) -> str:
    return f"provider.asked.{hashlib.sha256(mark.encode()).hexdigest()}"
