"""The console's pages about sessions: one's own, and those of a member."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import PERSONAL, page, page_of_rows
from apps.core.errors import DomainError
from apps.iam.oidc import people
from apps.iam.sessions import commands, queries
from apps.iam.sessions.permissions import SessionPermission
from apps.iam.users import queries as users

MINE = "/account/sessions/"


@page(PERSONAL)
def my_sessions(request):
    """GET /account/sessions/: where one is signed in."""
    rows, cursors, _ = page_of_rows(request, queries.sessions_of(request.principal.subject, now=timezone.now()))
    here = queries.id_of(request.principal.session_id)
    context = {
        "sessions": rows,
        "current_id": here,
        "has_others": any(session.id != here for session in rows),
        "page": cursors,
    }
    return render(request, "account/sessions.html", context)


@page(post=PERSONAL)
def my_session_name(request, session_id):
    """POST /account/sessions/<id>/name: call a device something else."""
    try:
        session = commands.name_session(
            session_id=session_id,
            user_id=request.principal.subject,
            name=request.POST.get("name", ""),
            actor=request.actor,
            now=timezone.now(),
        )
        messages.success(request, f"This device is called {session} now.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(MINE)


@page(post=PERSONAL)
def my_session_end(request, session_id):
    """POST /account/sessions/<id>/end: sign out there."""
    try:
        commands.revoke_own(
            session_id=session_id, user_id=request.principal.subject, actor=request.actor, now=timezone.now()
        )
        messages.success(request, "Signed out there.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(MINE)


@page(post=PERSONAL)
def my_other_sessions_end(request):
    """POST /account/sessions/end-others: sign out everywhere else."""
    ended = commands.revoke_others(
        user_id=request.principal.subject,
        keep=queries.id_of(request.principal.session_id),
        actor=request.actor,
        now=timezone.now(),
    )
    messages.success(request, "Signed out everywhere else." if ended else "You were signed in nowhere else.")
    return redirect(MINE)


@page(PERSONAL)
def my_tenants(request):
    """GET /account/tenants/: in which company to go on working; the person's menu shows a part of it."""
    return render(request, "account/tenants.html", {"tenants": people.tenants_of(request.principal.subject)})


@page(SessionPermission.MANAGE)
def member_sessions(request, user_id):
    """GET /people/<id>/sessions/: where a member is signed in."""
    member = users.membership(user_id)
    rows, cursors, _ = page_of_rows(request, queries.sessions_in_tenant(user_id, now=timezone.now()))
    context = {
        "member": member,
        "sessions": rows,
        "current_id": queries.id_of(request.principal.session_id),
        "page": cursors,
    }
    return render(request, "people/sessions.html", context)


@page(post=SessionPermission.MANAGE)
def member_session_end(request, user_id, session_id):
    """POST /people/<id>/sessions/<session>/end: sign a member out at one device."""
    return _ended(request, user_id, session_id=session_id)


@page(post=SessionPermission.MANAGE)
def member_sessions_end(request, user_id):
    """POST /people/<id>/sessions/end: sign a member out everywhere."""
    return _ended(request, user_id, session_id=None)


def _ended(request, user_id, *, session_id):
    try:
        commands.revoke_in_tenant(user_id=user_id, session_id=session_id, actor=request.actor, now=timezone.now())
        messages.success(request, "Signed out there." if session_id else "Signed out everywhere.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/people/{user_id}/sessions/")
