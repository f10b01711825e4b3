"""REST: have the books checked."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema

from apps.business.reconciliation.jobs import request_reconciliation
from apps.business.reconciliation.permissions import ReconciliationPermission
from apps.core.api.views import ApiView
from apps.core.jobs.outputs import JobOutput, accepted


class Reconciliations(ApiView):
    """POST /api/v1/reconciliations: check that orders, stock, money, parcels and invoices agree.

    A job does it, which the answer names; its result has a row for each check, and says what differs.
    """

    required_permission = ReconciliationPermission.RUN

    @extend_schema(request=None, responses={202: JobOutput})
    def post(self, request):
        return accepted(request, request_reconciliation(actor=request.actor, now=timezone.now()))
