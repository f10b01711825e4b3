"""The console's limits: a company sees its own; the platform's staff see everybody's and change plans."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.gateway.ratelimit import usage
from apps.gateway.ratelimit.forms import PlanForm
from apps.gateway.ratelimit.permissions import LimitPermission, LimitsPermission
from apps.iam.facade import iam

_SHOWN = 50


@page(LimitPermission.VIEW)
def limits(request: Any) -> HttpResponse:
    """GET /limits/."""
    context = {"limits": usage.of_caller(request), "plan": request.principal.limits}
    return render(request, "limits/own.html", context)


@page(LimitsPermission.VIEW)
def company_list(request: Any) -> HttpResponse:
    """GET /limits/companies/."""
    plans = iam.plans_of_tenants(after=request.GET.get("after", ""), limit=_SHOWN + 1)
    companies = usage.of_companies(plans[:_SHOWN])
    after = plans[_SHOWN - 1].tenant.slug if len(plans) > _SHOWN else ""
    return render(request, "limits/companies.html", {"companies": companies, "after": after})


@page(get=LimitsPermission.VIEW, post=LimitsPermission.MANAGE)
def company(request: Any, tenant_id: UUID) -> HttpResponse:
    """GET, POST /limits/companies/<tenant_id>/: what it uses, and its plan."""
    plan = iam.plan_of(tenant_id)
    form = PlanForm(plan, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            iam.change_plan(tenant_id, **form.wish(), actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"The limits of {plan.tenant.name} hold from its next request on.")
            return redirect(f"/limits/companies/{tenant_id}/")
    context = {"company": usage.of_company(tenant_id), "form": form}
    return render(request, "limits/company.html", context, status=422 if form.is_bound else 200)
