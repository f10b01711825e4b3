"""The console's rules of separation of duty, a section of the page of roles."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone

from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.iam.roles import commands, queries, separation
from apps.iam.roles.forms import RuleForm
from apps.iam.roles.pages import matrix_page
from apps.iam.roles.permissions import RolePermission


@page(post=RolePermission.SEPARATE)
def rule_new(request):
    """POST /roles/separation-rules: keep two roles apart from now on."""
    form = RuleForm(request.POST, roles=queries.all_roles())
    if not form.is_valid():
        return matrix_page(request, form=form, status=422)
    wish = form.cleaned_data
    try:
        rule, violations = commands.create_rule(
            name=wish["name"],
            reason=wish["reason"],
            roles=(wish["first"], wish["second"]),
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        form_errors_from(error, form)
        return matrix_page(request, form=form, status=422)
    messages.success(request, f"“{rule.name}” holds from now on.")
    for violation in separation.told(violations[:10]):
        messages.warning(request, f"{violation['sentence']}.")
    return redirect("/roles/")


@page(post=RolePermission.SEPARATE)
def rule_deletion(request, rule_id):
    """POST /roles/separation-rules/<id>/deletion: let both be held together again."""
    commands.delete_rule(rule_id=rule_id, actor=request.actor, now=timezone.now())
    messages.success(request, "Removed the rule.")
    return redirect("/roles/")
