"""The console's pages about applications."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError, PreconditionFailed
from apps.iam.applications import commands, queries
from apps.iam.applications.filters import ApplicationFilter
from apps.iam.applications.forms import ApplicationEditForm, ErasureForm, NewApplicationForm
from apps.iam.applications.permissions import ApplicationPermission
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.clients import facts as client_facts
from apps.iam.oidc.clients import queries as client_queries
from apps.iam.service_accounts.forms import RotationForm
from apps.iam.service_accounts.permissions import ServiceAccountPermission
from apps.iam.users import queries as users

_LIST = "/applications/"
_OVERTAKEN = "Somebody else saved this application after you opened it. Compare, then save again to put yours in."
_LISTS = ("redirect_uris", "post_logout_redirect_uris", "allowed_scopes")


@page(ApplicationPermission.VIEW)
def application_list(request):
    """GET /applications/"""
    rows, cursors, errors = page_of_rows(request, client_queries.applications(), filterset=ApplicationFilter)
    approved = queries.approvals(row.id for row in rows)
    for row in rows:
        row.is_approved = row.id in approved
    context = {
        "applications": rows,
        "kinds": client_queries.KINDS,
        "policy": queries.consent_policy(),
        "page": cursors,
        "filter_errors": errors,
    }
    return render(request, "applications/list.html", context)


@page(get=ApplicationPermission.MANAGE, post=ApplicationPermission.MANAGE, step_up=True)
def application_new(request):
    """GET, POST /applications/new"""
    form = NewApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        if facts["kind"] == "machine":
            request.principal.require(ServiceAccountPermission.MANAGE)
        try:
            made = commands.register_application(**facts, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return _registered(request, made)
    return render(request, "applications/new.html", {"form": form}, status=422 if form.is_bound else 200)


@page(get=ApplicationPermission.VIEW, post=ApplicationPermission.MANAGE)
def application_detail(request, application_id):
    """GET, POST /applications/<id>/: one application with its consents and history; POST saves what is said of it."""
    client = client_queries.application(application_id)
    if request.method != "POST":
        return _detail(request, client, ApplicationEditForm(initial=_initial(client), kind=client.kind))
    form, status = ApplicationEditForm(request.POST, kind=client.kind), 422
    if form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            clients.update(
                application_id=application_id, actor=request.actor, expected_version=facts.pop("version"), **facts
            )
        except PreconditionFailed:
            form, status = _again(request, client), 409
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{_LIST}{application_id}/")
    return _detail(request, client, form, status=status)


@page(post=ApplicationPermission.MANAGE)
def application_state(request, application_id):
    """POST /applications/<id>/state: enable or disable it."""
    enabled = request.POST.get("enabled") == "yes"
    done = "It may act again." if enabled else "It is kept out, and its tokens are over."
    return _done(
        request,
        application_id,
        done,
        lambda: clients.update(application_id=application_id, actor=request.actor, is_enabled=enabled),
    )


@page(get=ApplicationPermission.MANAGE, post=ApplicationPermission.MANAGE, step_up=True)
def application_secret(request, application_id):
    """GET, POST /applications/<id>/secret: another secret, shown once."""
    client = client_queries.application(application_id)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = clients.rotate_secret(
                application_id=application_id, **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return _registered(request, made)
    context = {"application": client, "form": form}
    return render(request, "applications/secret.html", context, status=422 if form.is_bound else 200)


@page(post=ApplicationPermission.APPROVE)
def application_approval(request, application_id):
    """POST /applications/<id>/approval: approve it, or take the approval back."""
    approved = request.POST.get("approved") == "yes"
    command = commands.approve if approved else commands.withdraw_approval
    done = "Approved: members may use it." if approved else "The approval is taken back."
    return _done(request, application_id, done, lambda: command(application_id=application_id, actor=request.actor))


@page(post=ApplicationPermission.MANAGE)
def application_consent_withdrawal(request, application_id, consent_id):
    """POST /applications/<id>/consents/<consent>/withdrawal: end it in the member's place."""
    return _done(
        request,
        application_id,
        "Withdrawn. Its tokens for this person are over.",
        lambda: commands.withdraw_consent(consent_id=consent_id, application_id=application_id, actor=request.actor),
    )


@page(post=ApplicationPermission.MANAGE)
def application_deletion(request, application_id):
    """POST /applications/<id>/deletion"""
    try:
        client = clients.delete(application_id=application_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_LIST}{application_id}/")
    messages.success(request, f"Deleted {client.name}.", extra_tags=f"undo:{_LIST}{application_id}/restoration")
    return redirect(_LIST)


@page(post=ApplicationPermission.MANAGE)
def application_restoration(request, application_id):
    """POST /applications/<id>/restoration"""
    onward = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
    restore = lambda: clients.restore(application_id=application_id, actor=request.actor)  # noqa: E731
    return _done(request, application_id, "It is back.", restore, onward=onward if safe else "")


@page(post=ApplicationPermission.MANAGE, step_up=True)
def application_erasure(request, application_id):
    """POST /applications/<id>/erasure: remove a deleted one for good."""
    client = client_queries.application(application_id)
    form = ErasureForm(request.POST)
    if form.is_valid():
        try:
            commands.erase_application(application_id=application_id, **form.cleaned_data, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"{client.name} is gone for good.")
            return redirect(_LIST)
    edit = ApplicationEditForm(initial=_initial(client), kind=client.kind)
    return _detail(request, client, edit, erasure=form, status=422)


@page(post=ApplicationPermission.APPROVE)
def consent_policy(request):
    """POST /applications/consent-policy: which applications members may choose."""
    try:
        commands.set_consent_policy(policy=request.POST.get("policy", ""), actor=request.actor)
        messages.success(request, "Saved the rule for consents.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(_LIST)


def _done(request, application_id, text: str, command: Any, *, onward: str = ""):
    try:
        command()
        messages.success(request, text)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(onward or f"{_LIST}{application_id}/")


def _registered(request, made: clients.Registered):
    if made.secret is None:
        messages.success(request, f"Registered {made.client.name}.")
        return redirect(f"{_LIST}{made.client.id}/")
    context = {
        "secrets": [("Client id", made.client.client_id), ("Client secret", made.secret)],
        "done_path": f"{_LIST}{made.client.id}/",
    }
    return render(request, "service_accounts/issued.html", context)


def _detail(request, client: Any, form: Any, *, erasure: ErasureForm | None = None, status: int = 200):
    consents, cursors, _ = page_of_rows(request, queries.consents_to(client.id), limit=25)
    names = users.names(consent.user_id for consent in consents)
    for consent in consents:
        consent.user_name = names.get(consent.user_id, "")
    now = timezone.now()
    context = {
        "application": client,
        "owned": client.tenant_id is not None,
        "spare_secret_until": client.previous_secret_expires_at if client.spare_secret_at(now) else None,
        "approval": queries.approvals([client.id]).get(client.id),
        "policy": queries.consent_policy(),
        "form": form,
        "erasure": erasure or ErasureForm(),
        "consents": consents,
        "page": cursors,
        "changes": queries.changes_of_application(client.id, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "applications/detail.html", context, status=status)


def _initial(client: Any) -> dict[str, Any]:
    facts = {name: getattr(client, name) for name in (*client_facts.FACTS, "version")}
    lists: dict[str, list[str]] = {name: facts[name].split() for name in _LISTS}
    lists["allowed_scopes"] = lists["allowed_scopes"] or client_facts.scopes_of_kind(client.kind)
    return {**facts, **lists}


def _again(request, client: Any) -> ApplicationEditForm:
    """What was typed, on top of the version that is there now."""
    said = request.POST.copy()
    said["version"] = str(client.version)
    form = ApplicationEditForm(said, kind=client.kind)
    form.add_error(None, _OVERTAKEN)
    return form
