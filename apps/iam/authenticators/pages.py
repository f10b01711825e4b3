"""The console's pages about signing in: one's own security, the tenant's policy, help for somebody who lost a phone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import PERSONAL, form_errors_from, page
from apps.core.errors import DomainError
from apps.iam.authenticators import commands, queries, totp, webauthn
from apps.iam.authenticators.errors import PasskeyRefused
from apps.iam.authenticators.forms import CodeForm, NameForm, PasskeyAnswer, PolicyForm, ResetForm
from apps.iam.authenticators.permissions import SignInPermission
from apps.iam.roles import queries as roles
from apps.iam.users import queries as users

_SECURITY = "/account/security/"


@page(post=PERSONAL, step_up=True)
def totp_setup(request):
    """POST /account/security/totp: begin to set up an authenticator app."""
    try:
        new = commands.begin_totp(user_id=request.principal.subject, actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_SECURITY)
    return redirect(f"{_SECURITY}totp/{new.authenticator.id}")


@page(get=PERSONAL, post=PERSONAL, step_up=True)
def totp_confirmation(request, authenticator_id):
    """GET, POST /account/security/totp/<id>: the QR code, and the code that shows that it works."""
    user_id, form = request.principal.subject, CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            commands.confirm_totp(
                user_id=user_id, authenticator_id=authenticator_id, **form.cleaned_data, actor=request.actor, now=now
            )
            return _enrolled(request, "Your authenticator app is set up.")
        except DomainError as error:
            form_errors_from(error, form)
    new = commands.new_totp(user_id=user_id, authenticator_id=authenticator_id)
    context = {"new": new, "qr": totp.qr_data_url(new.uri), "form": form}
    return render(request, "account/totp.html", context, status=422 if form.is_bound else 200)


@page(get=PERSONAL, post=PERSONAL, step_up=True)
def passkey_setup(request):
    """GET, POST /account/security/passkeys/new: make a passkey with this browser."""
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = PasskeyAnswer(request.POST)
        try:
            if not given.is_valid():
                raise PasskeyRefused
            commands.add_passkey(
                user_id=request.principal.subject,
                answer=given.cleaned_data["credential"],
                state=given.cleaned_data["state"],
                place=f"{request.principal.subject}|{request.principal.session_id}",
                **form.cleaned_data,
                actor=request.actor,
                now=timezone.now(),
            )
            return _enrolled(request, "Your passkey is ready: use it the next time you sign in.")
        except DomainError as error:
            form_errors_from(error, form)
    context = {"form": form, "passkeys_available": webauthn.is_available()}
    return render(request, "account/passkey.html", context, status=422 if form.is_bound else 200)


@page(post=PERSONAL, step_up=True)
def recovery_codes(request):
    """POST /account/security/recovery-codes: ten new ones, shown once."""
    try:
        codes = commands.make_recovery_codes(user_id=request.principal.subject, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_SECURITY)
    return _codes(request, codes)


@page(get=PERSONAL, post=PERSONAL, step_up=True)
def authenticator_name(request, authenticator_id):
    """GET, POST /account/security/<id>/name: rename a passkey or an app."""
    user_id = request.principal.subject
    found = queries.authenticator_of(user_id, authenticator_id)
    form = NameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            commands.rename_authenticator(
                user_id=user_id, authenticator_id=authenticator_id, **form.cleaned_data, actor=request.actor
            )
            messages.success(request, "Renamed.")
            return redirect(_SECURITY)
        except DomainError as error:
            form_errors_from(error, form)
    context = {"form": form, "authenticator": found}
    return render(request, "account/authenticator.html", context, status=422 if form.is_bound else 200)


@page(post=PERSONAL, step_up=True)
def authenticator_removal(request, authenticator_id):
    """POST /account/security/<id>/removal: forget a passkey or an app."""
    try:
        commands.remove_authenticator(
            user_id=request.principal.subject,
            authenticator_id=authenticator_id,
            actor=request.actor,
            now=timezone.now(),
        )
        messages.success(request, "Removed.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(_SECURITY)


@page(get=SignInPermission.RESET, post=SignInPermission.RESET, step_up=True)
def second_factor_reset(request, user_id):
    """GET, POST /people/<id>/second-factor-reset: help somebody who lost their phone."""
    member, form = users.member(user_id), ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            removed = commands.reset_member(
                user_id=user_id, actor=request.actor, now=timezone.now(), **form.cleaned_data
            )
            messages.success(
                request, f"{member.name} signs in with the password alone now: {removed} second factors were removed."
            )
            return redirect(f"/people/{user_id}/")
        except DomainError as error:
            form_errors_from(error, form)
    context = {"person": member, "form": form, "held": queries.held_by(user_id)}
    return render(request, "authenticators/reset.html", context, status=422 if form.is_bound else 200)


@page(get=SignInPermission.MANAGE_POLICY, post=SignInPermission.MANAGE_POLICY, step_up=True)
def sign_in_policy(request):
    """GET, POST /settings/sign-in/: what the company asks of its people when they sign in."""
    policy = queries.policy()
    choices = [(role.code, role.label) for role in roles.all_roles()]
    form = PolicyForm(request.POST or None, initial=_initial(policy), roles=choices)
    if request.method == "POST" and form.is_valid():
        try:
            commands.change_policy(actor=request.actor, now=timezone.now(), **form.changes())
            messages.success(request, "Saved. It holds from the next sign-in on.")
            return redirect("/settings/sign-in/")
        except DomainError as error:
            form_errors_from(error, form)
    context = {"form": form, "policy": policy}
    return render(request, "authenticators/policy.html", context, status=422 if form.is_bound else 200)


def _initial(policy) -> dict[str, Any]:
    return {
        "mfa": policy.mfa,
        "mfa_roles": policy.mfa_roles,
        "grace_days": policy.grace_days,
        "methods": policy.methods,
        "session_max_hours": policy.session_max_s // 3600 if policy.session_max_s else None,
    }


def _enrolled(request, text: str):
    messages.success(request, text)
    codes = commands.first_recovery_codes(user_id=request.principal.subject, actor=request.actor, now=timezone.now())
    return _codes(request, codes) if codes else redirect(_SECURITY)


def _codes(request, codes: list[str]):
    response = render(request, "account/recovery_codes.html", {"codes": codes})
    response["Cache-Control"] = "no-store"  # they are shown once
    return response
