"""The console's pages about directories: connect one, see what it did last."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.iam.audit import security_queries, sentences
from apps.iam.roles import queries as roles
from apps.iam.scim import commands, queries
from apps.iam.scim.forms import ConnectionForm, HowPeopleAreMade
from apps.iam.scim.permissions import ScimPermission
from apps.iam.scim.representing import ROOT
from apps.iam.service_accounts import queries as accounts

_LIST = "/settings/directories/"
_LATEST = 20


@page(ScimPermission.CONNECT)
def directory_list(request):
    """GET /settings/directories/: the directories that are connected."""
    labels = roles.labels()
    rows = [_shown(connection, labels) for connection in queries.connections()]
    return render(request, "scim/list.html", {"connections": rows})


@page(get=ScimPermission.CONNECT, post=ScimPermission.CONNECT, step_up=True)
def directory_new(request):
    """GET, POST /settings/directories/new: connect one. Its token is shown once."""
    form = ConnectionForm(request.POST or None, initial={"default_role": queries.DEFAULT_ROLE})
    if request.method == "POST" and form.is_valid():
        try:
            connection, issued = commands.connect(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            secrets = [("Base URL", base_url()), ("Token", issued.secret)]
            context = {"secrets": secrets, "key": issued.row, "done_path": f"{_LIST}{connection.id}/"}
            return render(request, "service_accounts/issued.html", context)
    return render(request, "scim/new.html", {"form": form}, status=422 if form.is_bound else 200)


@page(get=ScimPermission.CONNECT, post=ScimPermission.CONNECT)
def directory_detail(request, connection_id):
    """GET, POST /settings/directories/<id>/: how to set it up, and what it did last; POST saves how people are made."""
    connection = queries.connection(connection_id)
    said = {"default_role": connection.default_role, "sends_invitations": connection.sends_invitations}
    form = HowPeopleAreMade(request.POST or None, initial=said)
    if request.method == "POST" and form.is_valid():
        facts = {"actor": request.actor, "now": timezone.now()}
        try:
            commands.update_connection(connection_id=connection_id, **form.cleaned_data, **facts)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved how people are made.")
            return redirect(f"{_LIST}{connection_id}/")
    context = {
        "directory": _shown(connection, roles.labels()),
        "directory_path": f"{_LIST}{connection_id}/",
        "form": form,
        "base_url": base_url(),
        "activity": _activity(connection.account_id),
    }
    return render(request, "scim/detail.html", context, status=422 if form.is_bound else 200)


@page(post=ScimPermission.CONNECT)
def directory_disconnection(request, connection_id):
    """POST /settings/directories/<id>/disconnection: its tokens are refused from now on; people and groups stay."""
    try:
        commands.disconnect(connection_id=connection_id, actor=request.actor, now=timezone.now())
        messages.success(request, "Disconnected. Its tokens are refused from now on.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{_LIST}{connection_id}/")


def base_url() -> str:
    """What directories are told."""
    return f"{settings.BASE_URL}{ROOT}"


def _shown(connection: Any, labels: dict[str, str]) -> dict[str, Any]:
    """A connection with its account. Two statements."""
    account = accounts.service_account(connection.account_id)
    used = [key.last_used_at for key in accounts.keys_of(account.id) if key.last_used_at]
    return {
        "id": connection.id,
        "kind": connection.kind,
        "kind_label": connection.get_kind_display(),
        "account": account,
        "default_role": labels.get(connection.default_role, connection.default_role),
        "sends_invitations": connection.sends_invitations,
        "last_used_at": max(used, default=None),
    }


def _activity(account_id: Any) -> list[dict[str, Any]]:
    """What the security log has of it, newest first. Two statements."""
    records = list(security_queries.security_records().filter(actor_id=account_id)[:_LATEST])
    names = security_queries.names_of(records)
    return [{"record": record, "sentence": sentences.sentence(record, names)} for record in records]
