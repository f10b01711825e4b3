"""The console's pages about API keys: those of service accounts, and one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import PERSONAL, form_errors_from, page, page_of_rows
from apps.core.errors import DomainError
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.forms import KeyForm, RotationForm
from apps.iam.service_accounts.models import ApiKey
from apps.iam.service_accounts.permissions import ServiceAccountPermission

_SERVICE, _USER = ApiKey.HolderKind.SERVICE, ApiKey.HolderKind.USER
MINE = "/account/keys/"


@page(get=ServiceAccountPermission.MANAGE, post=ServiceAccountPermission.MANAGE, step_up=True)
def account_key_new(request, account_id):
    """GET, POST /service-accounts/<id>/keys/new"""
    account = queries.service_account(account_id)
    return _new(request, account_id, _SERVICE, {"account": account, "back": f"/service-accounts/{account_id}/"})


@page(get=ServiceAccountPermission.MANAGE, post=ServiceAccountPermission.MANAGE, step_up=True)
def account_key_rotation(request, account_id, key_id):
    """GET, POST /service-accounts/<id>/keys/<key>/rotation"""
    account = queries.service_account(account_id)
    about = {"account": account, "back": f"/service-accounts/{account_id}/"}
    return _rotation(request, account_id, key_id, _SERVICE, about)


@page(post=ServiceAccountPermission.MANAGE)
def account_key_revocation(request, account_id, key_id):
    """POST /service-accounts/<id>/keys/<key>/revocation"""
    return _revocation(request, account_id, key_id, _SERVICE, f"/service-accounts/{account_id}/")


@page(PERSONAL)
def my_keys(request):
    """GET /account/keys/: one's own keys in this company."""
    now = timezone.now()
    keys, cursors, _ = page_of_rows(request, queries.keys_of(request.principal.subject))
    for key in keys:
        key.state, key.id_text = key.state_at(now), str(key.id)
    return render(request, "account/keys.html", {"keys": keys, "page": cursors})


@page(get=PERSONAL, post=PERSONAL, step_up=True)
def my_key_new(request):
    """GET, POST /account/keys/new"""
    return _new(request, request.principal.subject, _USER, {"back": MINE})


@page(get=PERSONAL, post=PERSONAL, step_up=True)
def my_key_rotation(request, key_id):
    """GET, POST /account/keys/<key>/rotation"""
    return _rotation(request, request.principal.subject, key_id, _USER, {"back": MINE})


@page(post=PERSONAL)
def my_key_revocation(request, key_id):
    """POST /account/keys/<key>/revocation"""
    return _revocation(request, request.principal.subject, key_id, _USER, MINE)


def _new(request, holder_id: UUID, holder_kind: str, about: dict[str, Any]):
    form = KeyForm(request.POST or None, held=roles.permissions_of(holder_id, kind=holder_kind))
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            issued = commands.create_key(
                holder_id=holder_id, holder_kind=holder_kind, **form.wishes(now), actor=request.actor, now=now
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return _issued(request, issued, about)
    context = {**about, "form": form}
    return render(request, "service_accounts/key_new.html", context, status=422 if form.is_bound else 200)


def _rotation(request, holder_id: UUID, key_id: UUID, holder_kind: str, about: dict[str, Any]):
    key = queries.key_of(holder_id, key_id)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = commands.rotate_key(
                holder_id=holder_id,
                holder_kind=holder_kind,
                key_id=key_id,
                **form.cleaned_data,
                actor=request.actor,
                now=timezone.now(),
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return _issued(request, issued, about)
    context = {**about, "form": form, "key": key}
    return render(request, "service_accounts/key_rotation.html", context, status=422 if form.is_bound else 200)


def _revocation(request, holder_id: UUID, key_id: UUID, holder_kind: str, back: str):
    try:
        key = commands.revoke_key(
            holder_id=holder_id, holder_kind=holder_kind, key_id=key_id, actor=request.actor, now=timezone.now()
        )
        messages.success(request, f"Revoked {key.name}. It is refused from now on.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(back)


def _issued(request, issued: commands.Issued, about: dict[str, Any]):
    context = {**about, "key": issued.row, "secrets": [("API key", issued.secret)], "done_path": about["back"]}
    return render(request, "service_accounts/issued.html", context)
