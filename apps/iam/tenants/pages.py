"""The console's page about the company itself."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings as deployment
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import AUTHENTICATED, SENSITIVE, form_errors_from, page, page_of_rows
from apps.core.errors import DomainError, PreconditionFailed
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.tenants import commands, queries
from apps.iam.tenants.configuration import COLOUR
from apps.iam.tenants.forms import SettingsForm
from apps.iam.tenants.permissions import TenantPermission

HERE = "/settings/"


@page(get=TenantPermission.CONFIGURE, post=TenantPermission.CONFIGURE)
def settings(request):
    """GET, POST /settings/: what the company configured, and every version of that."""
    current = queries.current_configuration()
    form = SettingsForm(current.values, request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = {"actor": request.actor, "now": timezone.now(), "reason": form.cleaned_data["reason"]}
        expected = request.POST.get("version", "")
        version = int(expected) if expected.isdecimal() and len(expected) < 10 else None
        try:
            outcome = approvals.done_or_requested(
                lambda: commands.configure_tenant(changes=form.changes(), expected_version=version, **facts), **facts
            )
            return _done(request, outcome, "Saved.")
        except PreconditionFailed:
            form.add_error(None, "Somebody else changed the settings in the meantime: look at them again.")
        except DomainError as error:
            form_errors_from(error, form)
    return _settings_page(request, form, current)


@page(post=TenantPermission.CONFIGURE, step_up=SENSITIVE)
def settings_restoration(request, number):
    """POST /settings/versions/<number>/restoration: go back to an earlier version."""
    facts = {"actor": request.actor, "now": timezone.now()}
    try:
        outcome = approvals.done_or_requested(lambda: commands.restore_configuration(number=number, **facts), **facts)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(HERE)
    return _done(request, outcome, f"The settings are as in version {number} again.")


@page(post=TenantPermission.DELETE, step_up=SENSITIVE)
def deletion(request):
    """POST /settings/deletion: ask a second owner to agree that the company goes."""
    facts = {"actor": request.actor, "now": timezone.now(), "reason": request.POST.get("reason", "")[:500]}
    tenant_id = request.principal.tenant_id
    try:
        outcome = approvals.done_or_requested(lambda: commands.plan_deletion(tenant_id=tenant_id, **facts), **facts)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(HERE)
    return _done(request, outcome, "The company is going to be deleted.")


@page(post=TenantPermission.DELETE)
def deletion_cancellation(request):
    """POST /settings/deletion/cancellation: the company stays."""
    try:
        commands.cancel_deletion(tenant_id=request.principal.tenant_id, actor=request.actor)
        messages.success(request, "Called off: the company stays.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(HERE)


@page(AUTHENTICATED)
def brand(request):
    """GET /settings/brand.css: the company's colour as a line above everything. A stylesheet of its own, since no page
    may carry styles.
    """
    colour = request.principal.colour
    rule = f".topbar {{ border-top: 3px solid {colour}; }}\n" if re.fullmatch(COLOUR, colour) else ""
    return HttpResponse(rule, content_type="text/css", headers={"Cache-Control": "private, max-age=3600"})


def _done(request, outcome: Any, said: str):
    if pending.is_pending(outcome):
        pending.notice(request, outcome)
        return redirect(f"/approvals/{outcome.id}/")
    messages.success(request, said)
    return redirect(HERE)


def _settings_page(request, form: SettingsForm, current: queries.CurrentConfiguration):
    versions, cursors, _ = page_of_rows(request, queries.configuration_versions(), limit=20)
    context = {
        "form": form,
        "version": current.version,
        "versions": versions,
        "page": cursors,
        "company": queries.tenant_by_id(request.principal.tenant_id),
        "deletion_days": deployment.TENANT_DELETION_DAYS,
    }
    return render(request, "settings/page.html", context, status=422 if form.is_bound else 200)
