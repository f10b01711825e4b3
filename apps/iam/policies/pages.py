"""The console's policies: the list, one policy as a form or as text, and what saving it would have meant lately."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import SENSITIVE, form_errors_from, page, page_of_rows
from apps.core.auth import InsufficientAuthentication, require_step_up
from apps.core.auth.cedar.schema import CONTEXT, PRINCIPAL
from apps.core.auth.resource_kinds import resource_kinds
from apps.core.errors import DomainError, Invalid
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.policies import checking, commands, preview, queries
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.filters import PolicyFilter
from apps.iam.policies.forms import PolicyForm, RuleForm, TextForm
from apps.iam.policies.models import Policy
from apps.iam.policies.permissions import PolicyPermission

_EXAMPLE = 'forbid (principal in Role::"clerk", action == Action::"orders.cancel", resource is Order)\n'
_EXAMPLE += "when { resource.amount > 100000 };"
HERE = "/access/policies/"


@page(PolicyPermission.VIEW)
def policy_list(request):
    """GET /access/policies/: what the company forbids."""
    rows, cursors, errors = page_of_rows(request, queries.policies(), filterset=PolicyFilter)
    names = checking.names_here()
    told = [
        {"policy": policy, "state": _state(policy), "problems": checking.problems_of(policy.text, **names)}
        for policy in rows
    ]
    return render(request, "policies/list.html", {"policies": told, "page": cursors, "filter_errors": errors})


@page(get=PolicyPermission.MANAGE, post=PolicyPermission.MANAGE, step_up=SENSITIVE)
def policy_new(request):
    """GET, POST /access/policies/new: a new policy; `?by=text` in Cedar; with `preview` nothing is saved."""
    kind = TextForm if request.GET.get("by") == "text" else RuleForm
    if request.method != "POST":
        initial = {"enabled": True, **({"text": _EXAMPLE} if kind is TextForm else {})}
        return _form_page(request, kind(initial=initial), None)
    form = kind(request.POST)
    if not form.is_valid():
        return _form_page(request, form, None, status=422)
    content, facts = PolicyContent(**form.wish()), _facts(request)
    try:
        if "preview" in request.POST:
            return _form_page(request, form, None, outlook=preview.of_policy(content, now=timezone.now()))
        outcome = approvals.done_or_requested(lambda: commands.create_policy(content=content, **facts), **facts)
    except DomainError as error:
        return _refused(request, form, None, error)
    return _done(request, outcome, f"“{content.name}” is made.")


@page(get=PolicyPermission.VIEW, post=PolicyPermission.MANAGE)
def policy_detail(request, policy_id):
    """GET, POST /access/policies/<id>/: one policy; POST saves the form, or with `preview` says what it would mean."""
    policy = queries.policy(policy_id)
    kind, initial = _form_of(request, policy)
    if request.method != "POST":
        return _form_page(request, kind(initial=initial), policy)
    form = kind(request.POST)
    if not form.is_valid():
        return _form_page(request, form, policy, status=422)
    wished, facts = form.wish(), _facts(request)
    try:
        if "preview" in request.POST:
            content = PolicyContent.of(policy).changed(**wished)
            outlook = preview.of_policy(content, policy_id=policy.id, now=timezone.now())
            return _form_page(request, form, policy, outlook=outlook)
        require_step_up(request.principal)
        version = form.cleaned_data["version"]
        outcome = approvals.done_or_requested(
            lambda: commands.update_policy(policy_id=policy_id, wished=wished, expected_version=version, **facts),
            **facts,
        )
    except InsufficientAuthentication:
        raise
    except DomainError as error:
        return _refused(request, form, policy, error)
    return _done(request, outcome, f"Saved “{wished['name']}”.")


@page(post=PolicyPermission.MANAGE, step_up=SENSITIVE)
def policy_state(request, policy_id):
    """POST /access/policies/<id>/state: put a policy into force, or out of it."""
    on = request.POST.get("enabled") == "yes"
    return _carried_out(
        request,
        lambda facts: commands.update_policy(policy_id=policy_id, wished={"enabled": on}, **facts),
        "It holds from now on." if on else "It forbids nothing any more.",
    )


@page(post=PolicyPermission.MANAGE, step_up=SENSITIVE)
def policy_deletion(request, policy_id):
    """POST /access/policies/<id>/deletion: take a policy out of use."""
    return _carried_out(request, lambda facts: commands.delete_policy(policy_id=policy_id, **facts), "Removed it.")


@page(post=PolicyPermission.MANAGE, step_up=SENSITIVE)
def policy_restoration(request, policy_id):
    """POST /access/policies/<id>/restoration: bring a policy back."""
    return _carried_out(request, lambda facts: commands.restore_policy(policy_id=policy_id, **facts), "It is back.")


def _carried_out(request, command, words: str):
    facts = _facts(request)
    try:
        outcome = approvals.done_or_requested(lambda: command(facts), **facts)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(HERE)
    return _done(request, outcome, words)


def _done(request, outcome: Any, words: str):
    if pending.is_pending(outcome):
        pending.notice(request, outcome)
    else:
        messages.success(request, words)
    return redirect(HERE)


def _form_of(request, policy: Policy) -> tuple[type[PolicyForm], dict[str, Any]]:
    """As a rule where it is one that the form can show and nobody wants the text; with its values."""
    shared = {name: getattr(policy, name) for name in ("name", "description", "enabled", "version")}
    filled = RuleForm.filled(policy.rule) if policy.rule else None
    if filled is not None and request.GET.get("by") != "text":
        return RuleForm, {**filled, **shared}
    return TextForm, {"text": policy.text, **shared}


def _refused(request, form: PolicyForm, policy: Policy | None, error: DomainError):
    form_errors_from(error, form)
    return _form_page(request, form, policy, status=422 if isinstance(error, Invalid) else 409)


def _form_page(
    request, form: PolicyForm, policy: Policy | None, *, outlook: preview.Preview | None = None, status: int = 200
):
    context = {
        "policy": policy,
        "state": _state(policy) if policy else "",
        "form": form,
        "by_text": isinstance(form, TextForm),
        "outlook": outlook,
        "editable": request.principal.may(PolicyPermission.MANAGE) and not (policy and policy.is_deleted),
        "principal_attributes": PRINCIPAL,
        "context_attributes": CONTEXT,
        "kinds": resource_kinds().values(),
        "changes": queries.changes_of_policy(policy.id, limit=20)
        if policy and request.principal.may("audit.view")
        else None,
    }
    return render(request, "policies/policy.html", context, status=status)


def _facts(request) -> dict[str, Any]:
    return {"actor": request.actor, "now": timezone.now()}


def _state(policy: Policy) -> str:
    if policy.is_deleted:
        return "deleted"
    return "active" if policy.enabled else "disabled"
