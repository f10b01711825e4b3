"""The account pages of the person who is signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from apps.core.api.pages import PERSONAL, form_errors_from, page
from apps.core.errors import DomainError
from apps.iam.authenticators import queries as authenticators
from apps.iam.credentials import commands, proving
from apps.iam.credentials.forms import ChangePasswordForm, EmailChangeForm, ProfileForm
from apps.iam.credentials.passwords import advice
from apps.iam.identity_providers.tickets import identities_of
from apps.iam.users import commands as users
from apps.iam.users import queries as people

_PROFILE = ("name", "locale", "time_zone", "sign_in_alerts")


@page(get=PERSONAL, post=PERSONAL)
def profile(request):
    """GET, POST /account/: what the person says of themselves."""
    user = people.user(request.principal.subject)
    form = ProfileForm(request.POST or None, initial={name: getattr(user, name) for name in _PROFILE})
    if request.method == "POST" and form.is_valid():
        try:
            users.update_profile(user_id=user.pk, change=users.ProfileChange(**form.cleaned_data))
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved.")
            return redirect("/account/")
    return _profile_page(request, user, form, EmailChangeForm())


@page(post=PERSONAL, step_up=True)
def email_change(request):
    """POST /account/email-change: have the links sent that change the address."""
    user, form = people.user(request.principal.subject), EmailChangeForm(request.POST)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            commands.request_email_change(user_id=user.pk, email=email, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"A link was sent to {email}. The address changes once it is followed.")
            return redirect("/account/")
    return _profile_page(request, user, ProfileForm(initial={name: getattr(user, name) for name in _PROFILE}), form)


@page(post=PERSONAL)
def email_verification(request):
    """POST /account/email-verification: have the link sent that confirms the address."""
    try:
        commands.request_verification(user_id=request.principal.subject, now=timezone.now())
        messages.success(request, f"A link was sent to {request.principal.email}.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("/account/")


@sensitive_post_parameters("current_password", "password", "repeated")
@page(get=PERSONAL, post=PERSONAL)
def security(request):
    """GET, POST /account/security/: the password, and what else proves who the person is."""
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            proving.change_password(
                request,
                password=form.cleaned_data["password"],
                current=form.cleaned_data["current_password"] or None,
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Your password is changed. Sessions elsewhere have ended.")
            return redirect("/account/security/")
    context = {
        "form": form,
        "advice": advice(),
        "is_proven": proving.is_proven(request.principal),
        "security": authenticators.security_of(request.principal.subject),
        "identities": identities_of(request.principal),
    }
    return render(request, "account/security.html", context, status=422 if form.is_bound else 200)


def _profile_page(request: Any, user: Any, form: ProfileForm, email_form: EmailChangeForm) -> HttpResponse:
    context = {"user": user, "form": form, "email_form": email_form}
    bound = form.is_bound or email_form.is_bound
    return render(request, "account/profile.html", context, status=422 if bound else 200)
