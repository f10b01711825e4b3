"""Where links from mails lead, and where a new password is asked for. Nobody has to be signed in.

Opening a link changes nothing: programs that look at mail open links too. Only the button on the page does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django_ratelimit.core import get_usage
from kombu.exceptions import OperationalError

from apps.core import mail
from apps.core.api.pages import PUBLIC, form_errors_from, page
from apps.core.errors import Conflict, DomainError
from apps.core.history import current_origin
from apps.iam.credentials import commands, tasks
from apps.iam.credentials.errors import LinkIsOver, WorkersAway
from apps.iam.credentials.forms import ForgottenForm, InvitationForm, NewPasswordForm
from apps.iam.credentials.links import Purpose
from apps.iam.credentials.passwords import advice

_SIGN_IN = "/auth/login"


@page(get=PUBLIC, post=PUBLIC)
def forgotten(request):
    """GET, POST /sign-in/forgotten/: have a link sent for a new password. The same answer for every address."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and mail.is_on():
        usage: Any = get_usage(
            request,
            group="forgotten.address",
            key="ip",
            rate=settings.PASSWORD_RESETS_PER_ADDRESS,
            increment=True,
        )
        if usage and usage["should_limit"]:
            form.add_error(None, "Too many requests. Wait a while, then try again.")
            response = render(request, "credentials/forgotten.html", {"form": form, "mail": True}, status=429)
            response["Retry-After"] = str(max(1, usage["time_left"]))
            return response
        _request_reset(form.cleaned_data["email"])
        return render(request, "credentials/forgotten_sent.html", {"email": form.cleaned_data["email"]})
    context = {"form": form, "mail": mail.is_on()}
    return render(request, "credentials/forgotten.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password", "repeated")
@page(get=PUBLIC, post=PUBLIC)
def reset(request, token):
    """GET, POST /sign-in/reset/<token>: choose a new password."""
    try:
        user = commands.person_of_reset(token=token)
    except LinkIsOver as error:
        return _over(request, error)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            commands.reset_password(token=token, password=form.cleaned_data["password"], now=timezone.now())
        except LinkIsOver as error:
            return _over(request, error)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return _done(request, "Your password is changed", "Every session has ended. Sign in with the new one.")
    context = {"form": form, "email": user.email, "advice": advice()}
    return render(request, "credentials/reset.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password", "repeated")
@page(get=PUBLIC, post=PUBLIC)
def invitation(request, token):
    """GET, POST /invitation/<token>: join a company."""
    try:
        offer = commands.offer_of(token=token, now=timezone.now())
        form = InvitationForm(request.POST or None, initial={"name": offer.name}) if offer.needs_password else None
        if request.method == "POST" and (form is None or form.is_valid()) and _accepted(token, form):
            return redirect(_SIGN_IN)
    except LinkIsOver as error:
        return _over(request, error)
    context = {"offer": offer, "form": form, "advice": advice()}
    bound = form is not None and form.is_bound
    return render(request, "credentials/invitation.html", context, status=422 if bound else 200)


@page(get=PUBLIC, post=PUBLIC)
def email_verification(request, token):
    """GET, POST /email/verification/<token>: confirm an address."""
    try:
        if request.method == "POST":
            email = commands.verify_email(token=token, now=timezone.now())
            return _done(request, "Your address is confirmed", f"{email} is yours.")
        user, _ = commands.address_of(purpose=Purpose.VERIFY_EMAIL, token=token)
    except LinkIsOver as error:
        return _over(request, error)
    return _confirm(request, "Confirm your address", user.email, "Confirm")


@page(get=PUBLIC, post=PUBLIC)
def email_change(request, token):
    """GET, POST /email/change/<token>: use the new address from now on."""
    try:
        if request.method == "POST":
            email = commands.confirm_email_change(token=token, now=timezone.now())
            return _done(request, "Your address is changed", f"Sign in with {email} from now on.")
        _, link = commands.address_of(purpose=Purpose.CHANGE_EMAIL, token=token)
    except LinkIsOver as error:
        return _over(request, error)
    except Conflict as error:
        return _over(request, error, status=409)
    return _confirm(request, "Use this address from now on?", link.email, "Use it")


def _request_reset(email: str) -> None:
    """By a worker, so that it takes as long for an address that nobody has (CWE-208). Raises WorkersAway."""
    origin = current_origin()
    facts = {"email": email, "address": origin.address, "user_agent": origin.user_agent}
    try:
        tasks.request_password_reset.apply_async(kwargs=facts, retry=False)
    except OperationalError as error:
        raise WorkersAway from error


def _accepted(token: str, form: InvitationForm | None) -> bool:
    """False when the form says why not. Raises LinkIsOver."""
    values = form.cleaned_data if form else {"name": "", "password": ""}
    try:
        commands.accept_invitation(token=token, name=values["name"], password=values["password"], now=timezone.now())
    except LinkIsOver:
        raise
    except DomainError as error:
        if form is None:
            raise
        form_errors_from(error, form)
        return False
    return True


def _confirm(request: Any, title: str, text: str, label: str) -> HttpResponse:
    return render(request, "credentials/confirm.html", {"title": title, "text": text, "label": label})


def _done(request: Any, title: str, text: str) -> HttpResponse:
    return render(request, "credentials/done.html", {"title": title, "text": text, "sign_in_url": _SIGN_IN})


def _over(request: Any, error: DomainError, *, status: int = 404) -> HttpResponse:
    return render(request, "credentials/over.html", {"text": f"{error}."}, status=status)
