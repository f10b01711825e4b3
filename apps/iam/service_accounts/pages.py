"""The console's pages about service accounts. Those about keys are in `key_pages`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError, PreconditionFailed
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.filters import ServiceAccountFilter
from apps.iam.service_accounts.forms import ServiceAccountEditForm, ServiceAccountForm
from apps.iam.service_accounts.models import ServiceAccount
from apps.iam.service_accounts.permissions import ServiceAccountPermission
from apps.iam.users import queries as users

_LIST = "/service-accounts/"
_MOST_MEMBERS = 200
_OVERTAKEN = "Somebody else saved this account after you opened it. Compare, then save again to put yours in."


@page(ServiceAccountPermission.VIEW)
def account_list(request):
    """GET /service-accounts/"""
    rows, cursors, errors = page_of_rows(request, queries.service_accounts(), filterset=ServiceAccountFilter)
    labels = {role.code: role.label for role in roles.all_roles()}
    for row in rows:
        row.role_labels = [labels.get(code, code) for code in row.role_codes]
    context = {"accounts": rows, "page": cursors, "filter_errors": errors}
    return render(request, "service_accounts/list.html", context)


@page(get=ServiceAccountPermission.MANAGE, post=ServiceAccountPermission.MANAGE)
def account_new(request):
    """GET, POST /service-accounts/new"""
    form = ServiceAccountForm(request.POST or None, members=_members())
    chosen, roles_error = request.POST.getlist("role"), ""
    if request.method == "POST" and form.is_valid():
        try:
            account = commands.create_service_account(
                **form.cleaned_data, roles=chosen, actor=request.actor, now=timezone.now()
            )
        except DomainError as error:
            roles_error = _shown(error, form)
        else:
            messages.success(request, f"Created {account.name}. Give it a key, or OAuth credentials.")
            return redirect(f"{_LIST}{account.id}/")
    context = {"form": form, "roles": _choices(chosen), "roles_error": roles_error}
    return render(request, "service_accounts/new.html", context, status=422 if form.is_bound else 200)


@page(get=ServiceAccountPermission.VIEW, post=ServiceAccountPermission.MANAGE)
def account_detail(request, account_id):
    """GET, POST /service-accounts/<id>/: one account with roles, keys and history; POST saves what is said of it."""
    account = queries.service_account(account_id)
    if request.method != "POST":
        return _detail(request, account, ServiceAccountEditForm(initial=_initial(account), members=_members()))
    form = ServiceAccountEditForm(request.POST, members=_members())
    status = 422
    if form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            commands.update_service_account(
                account_id=account_id, actor=request.actor, expected_version=facts.pop("version"), **facts
            )
        except PreconditionFailed:
            form = ServiceAccountEditForm({**request.POST.dict(), "version": account.version}, members=_members())
            form.add_error(None, _OVERTAKEN)
            status = 409
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{_LIST}{account_id}/")
    return _detail(request, account, form, status=status)


@page(post=ServiceAccountPermission.MANAGE)
def account_roles(request, account_id):
    """POST /service-accounts/<id>/roles: hold exactly the ticked roles."""
    try:
        commands.change_roles(
            account_id=account_id, roles_held=request.POST.getlist("role"), actor=request.actor, now=timezone.now()
        )
        messages.success(request, "Changed the roles. Its keys follow at once.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{_LIST}{account_id}/")


@page(post=ServiceAccountPermission.MANAGE)
def account_state(request, account_id):
    """POST /service-accounts/<id>/state: enable or disable it."""
    enabled = request.POST.get("enabled") == "yes"
    try:
        account = commands.update_service_account(account_id=account_id, actor=request.actor, enabled=enabled)
        messages.success(request, f"{account.name} may act again." if enabled else f"{account.name} is kept out.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{_LIST}{account_id}/")


@page(post=ServiceAccountPermission.MANAGE)
def account_deletion(request, account_id):
    """POST /service-accounts/<id>/deletion"""
    try:
        account = commands.delete_service_account(account_id=account_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_LIST}{account_id}/")
    messages.success(request, f"Deleted {account.name}.", extra_tags=f"undo:{_LIST}{account_id}/restoration")
    return redirect(_LIST)


@page(post=ServiceAccountPermission.MANAGE)
def account_restoration(request, account_id):
    """POST /service-accounts/<id>/restoration"""
    try:
        account = commands.restore_service_account(account_id=account_id, actor=request.actor, now=timezone.now())
        messages.success(request, f"{account.name} is back, with its roles.")
    except DomainError as error:
        messages.error(request, str(error))
    onward = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
    return redirect(onward if safe else f"{_LIST}{account_id}/")


@page(post=ServiceAccountPermission.MANAGE, step_up=True)
def account_client(request, account_id):
    """POST /service-accounts/<id>/client: OAuth client credentials, shown once."""
    try:
        client_id, secret = commands.issue_client(account_id=account_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_LIST}{account_id}/")
    context = {
        "account": queries.service_account(account_id),
        "secrets": [("Client id", client_id), ("Client secret", secret)],
        "done_path": f"{_LIST}{account_id}/",
    }
    return render(request, "service_accounts/issued.html", context)


def _detail(request, account: ServiceAccount, form: ServiceAccountEditForm, *, status: int = 200):
    now = timezone.now()
    keys, cursors, _ = page_of_rows(request, queries.keys_of(account.id), limit=100)
    for key in keys:
        key.state, key.id_text = key.state_at(now), str(key.id)
    context = {
        "account": account,
        "owner_name": users.names([account.owner_id]).get(account.owner_id, "") if account.owner_id else "",
        "form": form,
        "roles": _choices(account.role_codes),
        "keys": keys,
        "page": cursors,
        "changes": queries.changes_of_account(account.id, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "service_accounts/detail.html", context, status=status)


def _initial(account: ServiceAccount) -> dict[str, Any]:
    names = ("name", "description", "owner_id", "contact", "version")
    return {name: getattr(account, name) for name in names}


def _members() -> list[tuple[str, str]]:
    return [(str(member.user_id), member.name) for member in users.members()[:_MOST_MEMBERS]]


def _choices(held: list[str]) -> list[dict[str, Any]]:
    return [
        {"code": role.code, "label": role.label, "description": role.description, "held": role.code in held}
        for role in roles.all_roles()
    ]


def _shown(error: DomainError, form: ServiceAccountForm) -> str:
    """What is wrong with the roles; anything else is written to the form."""
    about_roles = "; ".join(getattr(error, "errors", {}).pop("roles", ()))
    if not about_roles:
        form_errors_from(error, form)
    return about_roles
