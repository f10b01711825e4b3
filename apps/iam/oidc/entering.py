"""What every way to tokens asks of a signed-in person first: in which tenant, and what that tenant wants beforehand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from apps.iam.authenticators import gate, second_step
from apps.iam.oidc import people, sessions, sign_in
from apps.iam.oidc.errors import NoMembership, NotAMember, NotOneOfYours, VouchedForElsewhere


def choices_of(request: HttpRequest) -> list[people.Choice]:
    """The tenants that the signed-in person may enter, with this sign-in."""
    within = sessions.within(request)
    return [choice for choice in people.tenants_of(_user(request).pk) if within in (None, choice.id)]


def tenant_of(request: HttpRequest, *, owner: UUID | None, named: str = "") -> UUID | None:
    """The tenant that tokens are for; None while the person has yet to choose.

    `owner`: whose application asks, if it is a tenant's own: that is for its members, and there. `named`: the slug or
    id of a tenant that the client wants; for this request alone, so that one which nobody meant to make, and whose code
    nobody redeems, leaves nothing behind. Raises NoMembership, NotAMember, NotOneOfYours, VouchedForElsewhere.
    """
    own = choices_of(request)
    choices = {choice.id for choice in own}
    if owner is not None:
        if owner not in choices:
            raise _why_not(request, NotAMember())
        return owner
    if named:
        wanted = next((choice.id for choice in own if named in (choice.slug, str(choice.id))), None)
        if wanted is None:
            raise _why_not(request, NotOneOfYours())
        return wanted
    chosen = sessions.tenant_of(request)
    if chosen in choices:
        return chosen
    if not choices:
        raise _why_not(request, people.why_nowhere(_user(request).pk))
    if len(choices) > 1:
        return None
    sessions.choose_tenant(request, *choices)
    return next(iter(choices))


def _why_not(request: HttpRequest, otherwise: NoMembership) -> NoMembership:
    """What to tell somebody who may not enter there, or not with this sign-in."""
    return VouchedForElsewhere() if sessions.within(request) and people.tenants_of(_user(request).pk) else otherwise


def owed(request: HttpRequest, *, tenant_id: UUID) -> str:
    """The page, by the name of its URL, where the person does first what the tenant asks for; "" when nothing is."""
    return gate.owed(
        user_id=_user(request).pk,
        tenant_id=tenant_id,
        amr=sessions.amr_of(request),
        authenticated_at=sessions.authenticated_at(request),
        now=timezone.now(),
        postponed=second_step.is_postponed(request),
    )


def sign_in_of(request: HttpRequest, *, tenant_id: UUID, acr: str) -> sign_in.SignIn:
    """The sign-in that a client is given tokens for, in a family of their own."""
    return sign_in.new(
        sid=sessions.sid_of(request),
        tenant_id=tenant_id,
        authenticated_at=sessions.authenticated_at(request),
        auth_hash=_user(request).get_session_auth_hash(),
        acr=acr,
        amr=sessions.amr_of(request),
    )


def _user(request: HttpRequest) -> Any:
    return request.user
