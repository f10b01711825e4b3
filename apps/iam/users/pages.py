"""The console's pages about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core import mail
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.auth.permissions import declared_permissions
from apps.core.errors import DomainError
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.credentials import commands as credentials
from apps.iam.credentials import locks
from apps.iam.groups import queries as groups
from apps.iam.groups.permissions import GroupPermission
from apps.iam.roles import queries as roles
from apps.iam.roles.catalogue import RoleInfo
from apps.iam.roles.permissions import RolePermission
from apps.iam.roles.stepping_up import require_step_up_to_grant
from apps.iam.sessions import queries as sessions
from apps.iam.users import commands, queries
from apps.iam.users.filters import MemberFilter
from apps.iam.users.forms import InvitationForm
from apps.iam.users.models import Membership
from apps.iam.users.permissions import UserPermission

_SORTABLE = ("name",)


@page(UserPermission.VIEW)
def people(request):
    """GET /people/: the people of the tenant."""
    rows, cursors, errors = page_of_rows(request, queries.members(), filterset=MemberFilter, sortable=_SORTABLE)
    all_roles, seen = roles.all_roles(), sessions.last_seen(row.user_id for row in rows)
    context = {
        "people": [{**_row(row, all_roles), "last_seen_at": seen.get(row.user_id)} for row in rows],
        "roles": all_roles,
        "page": cursors,
        "sortable": _SORTABLE,
        "filter_errors": errors,
    }
    return render(request, "people/list.html", context)


@page(get=UserPermission.MANAGE, post=UserPermission.MANAGE)
def invitation(request):
    """GET, POST /people/invite: let somebody in."""
    request.principal.require(RolePermission.ASSIGN)
    form = InvitationForm(request.POST or None)
    chosen = request.POST.getlist("role")
    if request.method == "POST" and form.is_valid():
        require_step_up_to_grant(request.principal, chosen)
        try:
            invited = credentials.invite(**form.cleaned_data, roles=chosen, actor=request.actor, now=timezone.now())
            return _invited(request, invited)
        except DomainError as error:
            return _invitation_form(request, form, chosen, error)
    return _invitation_form(request, form, chosen, None)


@page(UserPermission.VIEW)
def person(request, user_id):
    """GET /people/<id>/: one person, with what they may do and what was changed."""
    return _person_page(request, queries.member(user_id))


@page(post=RolePermission.ASSIGN)
def person_roles(request, user_id):
    """POST /people/<id>/roles: hold exactly the ticked roles."""
    facts = {"actor": request.actor, "now": timezone.now()}
    codes = request.POST.getlist("role")
    require_step_up_to_grant(request.principal, codes, held=queries.member(user_id).role_codes)
    try:
        outcome = approvals.done_or_requested(
            lambda: commands.change_roles(user_id=user_id, roles_held=codes, **facts), **facts
        )
    except DomainError as error:
        return _person_page(request, queries.member(user_id), roles_error=str(error))
    _say(request, outcome, lambda member: f"Changed the roles of {member.name}.")
    return redirect(f"/people/{user_id}/")


@page(post=UserPermission.MANAGE)
def person_deletion(request, user_id):
    """POST /people/<id>/deletion: take somebody out of the tenant."""
    try:
        member = commands.delete_member(user_id=user_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"/people/{user_id}/")
    messages.success(request, f"Removed {member.name}.", extra_tags=f"undo:/people/{user_id}/restoration")
    return redirect("/people/")


@page(post=UserPermission.MANAGE)
def person_restoration(request, user_id):
    """POST /people/<id>/restoration: bring somebody back."""
    facts = {"actor": request.actor, "now": timezone.now()}
    try:
        outcome = approvals.done_or_requested(lambda: commands.restore_member(user_id=user_id, **facts), **facts)
        _say(request, outcome, lambda member: f"{member.name} is back.")
    except DomainError as error:
        messages.error(request, str(error))
    following = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(following, allowed_hosts={request.get_host()})
    return redirect(following if safe else f"/people/{user_id}/")


@page(post=UserPermission.MANAGE)
def person_invitation(request, user_id):
    """POST /people/<id>/invitation: mail the link to join again."""
    try:
        credentials.send_invitation(user_id=user_id, actor=request.actor, now=timezone.now())
        messages.success(request, "The invitation was sent. Links of before no longer work.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/people/{user_id}/")


@page(post=UserPermission.MANAGE)
def person_invitation_revocation(request, user_id):
    """POST /people/<id>/invitation/revocation: take the link back."""
    try:
        queries.membership(user_id)
        credentials.revoke_invitation(user_id=user_id, actor=request.actor, now=timezone.now())
        messages.success(request, "The invitation is taken back.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/people/{user_id}/")


@page(post=UserPermission.MANAGE)
def person_unlocking(request, user_id):
    """POST /people/<id>/unlocking: let somebody try to sign in again at once."""
    credentials.lift_lock(user_id=user_id)
    messages.success(request, "The lock is lifted.")
    return redirect(f"/people/{user_id}/")


def _say(request, outcome: Any, done: Callable[[Membership], str]) -> None:
    if pending.is_pending(outcome):
        pending.notice(request, outcome)
    else:
        messages.success(request, done(outcome))


def _invited(request, invited: commands.Invitation):
    context = {
        "person": _facts(invited.membership),
        "one_time_password": invited.one_time_password,
        "by_mail": mail.is_on(),
        "sign_in_url": settings.BASE_URL,
    }
    response = render(request, "people/invited.html", context)
    response["Cache-Control"] = "no-store"  # the password is shown once
    return response


def _invitation_form(request, form: InvitationForm, chosen: list[str], error: DomainError | None):
    roles_error = "; ".join(getattr(error, "errors", {}).pop("roles", ())) if error else ""
    if error and not roles_error:
        form_errors_from(error, form)
    context = {"form": form, "roles": _choices(roles.all_roles(), chosen), "roles_error": roles_error}
    return render(request, "people/invite.html", context, status=422 if form.is_bound else 200)


def _person_page(request, member: Membership, *, roles_error: str = ""):
    all_roles = roles.all_roles()
    facts = {
        **_facts(member),
        "is_self": member.user_id == request.principal.subject,
        "last_seen_at": sessions.last_seen([member.user_id]).get(member.user_id),
    }
    if member.deleted_by:
        facts["deleted_by_name"] = queries.names([member.deleted_by]).get(member.deleted_by)
    context = {
        "person": facts,
        "roles": _choices(all_roles, member.role_codes),
        "roles_error": roles_error,
        "lock": locks.lock_of_member(member.user_id),
        "mail": mail.is_on(),
        "permissions": _permissions(member.user_id),
        "groups": groups.groups_of(member.user_id) if request.principal.may(GroupPermission.VIEW) else None,
        "changes": queries.changes_of_member(member, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "people/detail.html", context, status=422 if roles_error else 200)


def _facts(member: Membership) -> dict[str, Any]:
    return {
        "id": member.user_id,
        "name": member.name,
        "email": member.user.email,
        "status": member.state,
        "joined_at": member.joined_at,
        "deleted_at": member.deleted_at,
        "invitation": _invitation(member),
    }


def _invitation(member: Membership) -> dict[str, Any] | None:
    """What became of the link in the mail; None for who has joined, or got none."""
    expires_at = getattr(member, "invitation_expires_at", None)
    if member.status != Membership.Status.INVITED or expires_at is None:
        return None
    state = "expired" if expires_at <= timezone.now() else "open"
    return {"state": "revoked" if member.invitation_revoked_at else state, "expires_at": expires_at}


def _row(member: Membership, all_roles: list[RoleInfo]) -> dict[str, Any]:
    return {**_facts(member), "roles": [role for role in all_roles if role.code in member.role_codes]}


def _choices(all_roles: list[RoleInfo], held: list[str]) -> list[dict[str, Any]]:
    return [
        {"code": role.code, "label": role.label, "description": role.description, "held": role.code in held}
        for role in all_roles
    ]


def _permissions(user_id: UUID) -> list[dict[str, Any]]:
    """What a person's roles amount to, directly and by group, each permission with the roles that it comes from."""
    granted, labels = roles.granted_to(user_id), roles.labels()
    chains = {code: [granted.holdings.chain(role, code) for role in granted.roles] for code in granted.permissions}
    return [
        {"code": code, "label": permission.label, "via": [labels[chain[0]] for chain in chains[code] if chain]}
        for code, permission in declared_permissions().items()
        if code in granted.permissions
    ]
