"""May somebody do something? Every answer is a value that says why.

Enforcement (`Principal.require`, `Principal.may`) and explanation call the same `decide`. It reads nothing but the
principal it is given and what policies ask for, so whoever explains builds the principal as the request would have,
with more in it: grants that have expired count for nothing here, and tell what would have counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.core.auth.grants import Grant, Resource
from apps.core.auth.permissions import is_in_person
from apps.core.auth.policy import NO_OPINION, Condition, Question, Verdict, policy_engine

if TYPE_CHECKING:
    from apps.core.auth.principal import Principal


class Reason(StrEnum):
    """Why it was decided so. The value is what the API shows; one never changes."""

    GRANTED = "granted"
    PERMITTED = "permitted_by_policy"
    NOT_GRANTED = "not_granted"
    FORBIDDEN = "forbidden_by_policy"
    LIMITED = "limited_credential"
    IMPERSONATED = "not_in_person"
    NO_STANDING = "no_standing"


class MissReason(StrEnum):
    """Why a grant of a role that holds the permission does not count."""

    EXPIRED = "expired"
    OTHER_OBJECT = "other_object"


@dataclass(frozen=True, slots=True)
class Path:
    """How a permission is reached: by a grant of the role `chain[0]`, which includes the next one, and so on to the
    role that holds it.
    """

    grant: Grant
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """A path that would count, were it not for one thing."""

    path: Path
    why: MissReason


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason: every path that allows it, every near miss, and what the policies said.

    `held` are the codes of the roles that are held in the tenant as a whole, whether they have to do with it or not.
    """

    allowed: bool
    permission: str
    resource: Resource | None
    reason: Reason
    paths: tuple[Path, ...] = ()
    misses: tuple[Miss, ...] = ()
    verdict: Verdict = NO_OPINION
    standing: str = ""
    held: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


def decide(
    principal: Principal,
    permission: str,
    resource: Resource | None = None,
    *,
    now: datetime | None = None,
    policies: Condition | None = None,
) -> Decision:
    """Whether the principal may do it to the resource, or in the tenant as a whole where none is named. No statement,
    unless policies ask for more than the principal knows. `policies` stand in for those in force: to ask "what if?".

    Denied by default. In this order: whoever has no standing (suspended, say) may do nothing; a credential may do
    nothing beyond what it is limited to; what is done in person only is for nobody who acts in another's name; a policy
    that forbids outweighs everything; a role or a policy allows.
    """
    code, now = str(permission), now or timezone.now()
    paths, misses = _weighed(principal, code, resource, now)
    verdict, barred = NO_OPINION, _barred(principal, code)
    if barred is None:
        engine = policies or policy_engine()
        verdict = engine.evaluate(Question(principal, code, resource, now, granted=bool(paths)))
    reason = barred or _combined(bool(paths), verdict)
    allowed = reason in (Reason.GRANTED, Reason.PERMITTED)
    return Decision(allowed, code, resource, reason, paths, misses, verdict, principal.standing, principal.roles)


def _barred(principal: Principal, code: str) -> Reason | None:
    """What keeps this caller from it whatever its roles and the policies say."""
    if principal.standing:
        return Reason.NO_STANDING
    if principal.limited_to is not None and code not in principal.limited_to:
        return Reason.LIMITED
    return Reason.IMPERSONATED if principal.is_impersonated and is_in_person(code) else None


def _combined(granted: bool, verdict: Verdict) -> Reason:
    if verdict.forbids:
        return Reason.FORBIDDEN
    if granted:
        return Reason.GRANTED
    return Reason.PERMITTED if verdict.permits else Reason.NOT_GRANTED


def _weighed(
    principal: Principal, code: str, resource: Resource | None, now: datetime
) -> tuple[tuple[Path, ...], tuple[Miss, ...]]:
    """The paths that count and those that nearly do, in the order of the grants."""
    holdings = principal.holdings
    paths, misses = [], []
    for grant in holdings.grants:
        chain = holdings.chain(grant.role, code)
        if chain is None:
            continue
        if not grant.resource_type and not grant.has_expired(now) and code not in principal.permissions:
            continue  # the flat set was narrowed after it was made: it says less than the roles, and less is right
        path = Path(grant, chain)
        if not grant.covers(resource):
            misses.append(Miss(path, MissReason.OTHER_OBJECT))
        elif grant.has_expired(now):
            misses.append(Miss(path, MissReason.EXPIRED))
        else:
            paths.append(path)
    return tuple(paths), tuple(misses)
