"""The console's roles: the matrix, and the form of one role with a preview of what a change would mean."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import form_errors_from, page
from apps.core.auth.permissions import OWNER
from apps.core.errors import DomainError, Invalid
from apps.iam.roles import commands, preview, queries, separation
from apps.iam.roles.catalogue import RoleInfo, permission_groups
from apps.iam.roles.content import RoleContent
from apps.iam.roles.forms import NewRoleForm, RoleForm, RuleForm
from apps.iam.roles.permissions import RolePermission


@page(RolePermission.VIEW)
def role_matrix(request):
    """GET /roles/: what each role may do, and which may not be held together."""
    return matrix_page(request)


def matrix_page(request, *, form: RuleForm | None = None, status: int = 200):
    """The page, also with the form of a rule that was refused."""
    matrix = queries.matrix()
    roles = [
        {
            "code": role.code,
            "label": role.label,
            "description": role.description,
            "people_count": matrix.people.get(role.code, 0),
        }
        for role in matrix.roles
    ]
    context = {
        "roles": roles,
        "groups": matrix.groups,
        "deleted_roles": queries.deleted_roles(),
        "rules": _rules({role.code: role.label for role in matrix.roles}),
        "form": form or RuleForm(roles=matrix.roles),
    }
    return render(request, "roles/matrix.html", context, status=status)


@page(get=RolePermission.MANAGE, post=RolePermission.MANAGE)
def role_new(request):
    """GET, POST /roles/new: a role of the tenant's own; with `preview` nothing is saved yet."""
    form = NewRoleForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _role_form(request, form, None, status=422 if form.is_bound else 200)
    code, content = form.cleaned_data["code"], _content(request, form)
    try:
        if "preview" in request.POST:
            return _role_form(request, form, None, outlook=preview.of_role(code, content, now=timezone.now()))
        commands.create_role(code=code, content=content, actor=request.actor, now=timezone.now())
    except DomainError as error:
        return _refused(request, form, None, error)
    messages.success(request, f"Created the role {content.name}.")
    return redirect(f"/roles/{code}/")


@page(get=RolePermission.VIEW, post=RolePermission.MANAGE)
def role_detail(request, role_code):
    """GET, POST /roles/<code>/: one role; POST saves the form, or with `preview` says what saving would mean."""
    role = queries.role(role_code)
    if request.method != "POST":
        initial = {"label": role.label, "description": role.description, "version": role.version}
        return _role_form(request, RoleForm(initial=initial), role)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _role_form(request, form, role, status=422)
    content = _content(request, form)
    try:
        if "preview" in request.POST:
            return _role_form(request, form, role, outlook=preview.of_role(role_code, content, now=timezone.now()))
        commands.update_role(
            code=role_code,
            content=content,
            expected_version=form.cleaned_data["version"],
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        return _refused(request, form, role, error)
    messages.success(request, f"Saved the role {content.name}.")
    return redirect(f"/roles/{role_code}/")


@page(post=RolePermission.MANAGE)
def role_deletion(request, role_code):
    """POST /roles/<code>/deletion: take a role out of use."""
    try:
        role = commands.delete_role(code=role_code, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"/roles/{role_code}/")
    messages.success(request, f"Removed the role {role.name}.", extra_tags=f"undo:/roles/{role_code}/restoration")
    return redirect("/roles/")


@page(post=RolePermission.MANAGE)
def role_restoration(request, role_code):
    """POST /roles/<code>/restoration: bring a role back, and who held it."""
    try:
        role = commands.restore_role(code=role_code, actor=request.actor, now=timezone.now())
        messages.success(request, f"The role {role.name} is back.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/roles/{role_code}/")


def _content(request, form) -> RoleContent:
    return RoleContent(
        form.cleaned_data["label"],
        form.cleaned_data["description"],
        tuple(request.POST.getlist("permission")),
        tuple(request.POST.getlist("include")),
    )


def _refused(request, form, role: RoleInfo | None, error: DomainError):
    if isinstance(error, Invalid):
        names = {"name": "label"}
        error.errors = {names.get(name, name): texts for name, texts in error.errors.items()}
    form_errors_from(error, form)
    return _role_form(request, form, role, status=422 if isinstance(error, Invalid) else 409)


def _role_form(request, form, role: RoleInfo | None, *, outlook: preview.Preview | None = None, status: int = 200):
    roles = queries.all_roles()
    ticked = (request.POST.getlist("permission"), request.POST.getlist("include"))
    if not form.is_bound and role is not None:
        ticked = (list(role.own_permissions), list(role.includes))
    context = {
        "role": role,
        "form": form,
        "groups": permission_groups(roles),
        "permissions": ticked[0],
        "includes": _inclusions(roles, role, ticked[1]),
        "inherited": role.permissions - role.own_permissions if role else (),
        "outlook": outlook,
        "editable": request.principal.may(RolePermission.MANAGE)
        and (role is None or not (role.built_in or role.deleted_at)),
    }
    return render(request, "roles/role.html", context, status=status)


def _inclusions(roles: list[RoleInfo], role: RoleInfo | None, ticked: list[str]) -> list[dict[str, Any]]:
    return [
        {"code": other.code, "label": other.label, "description": other.description, "held": other.code in ticked}
        for other in roles
        if other.code != OWNER and (role is None or other.code != role.code)
    ]


def _rules(labels: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.id,
            "name": rule.name,
            "reason": rule.reason,
            "roles": [labels.get(code, code) for code in (rule.first_role, rule.second_role)],
        }
        for rule in separation.rules()
    ]
