"""The console's page about the books."""

from __future__ import annotations

from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.reconciliation.jobs import past_reconciliations, request_reconciliation
from apps.business.reconciliation.permissions import ReconciliationPermission
from apps.core.api.pages import page
from apps.core.jobs.places import page_of_job

_SHOWN = 10


@page(get=ReconciliationPermission.RUN, post=ReconciliationPermission.RUN)
def reconciliation(request):
    """GET, POST /reconciliation/: what the last check of the books found, and another one."""
    if request.method == "POST":
        return redirect(page_of_job(request_reconciliation(actor=request.actor, now=timezone.now())))
    runs = list(past_reconciliations()[:_SHOWN])
    latest = next((run for run in runs if run.state == run.State.SUCCEEDED), None)
    context = {"runs": [(run, page_of_job(run)) for run in runs], "latest": latest}
    return render(request, "reconciliation/index.html", context)
