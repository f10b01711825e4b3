"""The console's pages about groups."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.auth import Resource
from apps.core.auth.permissions import OWNER
from apps.core.errors import DomainError
from apps.iam.groups import commands, queries
from apps.iam.groups.filters import GroupFilter
from apps.iam.groups.forms import GroupForm, MemberForm
from apps.iam.groups.permissions import GroupPermission
from apps.iam.roles import queries as roles
from apps.iam.roles.permissions import RolePermission
from apps.iam.users import queries as users

_SCOPE = ("group", "group_id")
_SORTABLE = ("name_key",)


@page(GroupPermission.VIEW)
def group_list(request):
    """GET /groups/: the groups of the tenant."""
    rows, cursors, errors = page_of_rows(request, queries.groups(), filterset=GroupFilter, sortable=_SORTABLE)
    labels = roles.labels()
    for group in rows:
        group.role_labels = [labels.get(code, code) for code in group.role_codes]
    context = {"groups": rows, "page": cursors, "sortable": _SORTABLE, "filter_errors": errors}
    return render(request, "groups/list.html", context)


@page(get=GroupPermission.MANAGE, post=GroupPermission.MANAGE)
def group_new(request):
    """GET, POST /groups/new: a new group."""
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            group = commands.create_group(**_wish(form), actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Created the group {group.name}.")
            return redirect(f"/groups/{group.id}/")
    return render(request, "groups/new.html", {"form": form}, status=422 if form.is_bound else 200)


@page(get=GroupPermission.VIEW, post=GroupPermission.MANAGE, scoped_to=_SCOPE)
def group_detail(request, group_id):
    """GET, POST /groups/<id>/: one group; POST saves what it is called."""
    group = queries.group(group_id)
    if request.method != "POST":
        return _detail(request, group)
    form = GroupForm(request.POST)
    if form.is_valid():
        try:
            commands.update_group(
                group_id=group_id,
                **_wish(form),
                expected_version=form.cleaned_data["version"],
                actor=request.actor,
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved the group.")
            return redirect(f"/groups/{group_id}/")
    return _detail(request, group, form=form, status=422)


@page(post=RolePermission.ASSIGN)
def group_roles(request, group_id):
    """POST /groups/<id>/roles: hold exactly the ticked roles."""
    try:
        commands.change_roles(
            group_id=group_id, roles_held=request.POST.getlist("role"), actor=request.actor, now=timezone.now()
        )
    except DomainError as error:
        return _detail(request, queries.group(group_id), roles_error=str(error), status=422)
    messages.success(request, "Changed the roles of the group.")
    return redirect(f"/groups/{group_id}/")


@page(post=GroupPermission.MANAGE, scoped_to=_SCOPE)
def group_members(request, group_id):
    """POST /groups/<id>/members: add one person, by address."""
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _detail(request, queries.group(group_id), member_form=form, status=422)
    try:
        person = users.member_by_email(form.cleaned_data["email"])
        commands.add_members(group_id=group_id, user_ids=[person.user_id], actor=request.actor, now=timezone.now())
    except DomainError as error:
        form.add_error("email", str(error))
        return _detail(request, queries.group(group_id), member_form=form, status=422)
    messages.success(request, f"Added {person.name}.")
    return redirect(f"/groups/{group_id}/")


@page(post=GroupPermission.MANAGE, scoped_to=_SCOPE)
def group_member_removal(request, group_id, member_id):
    """POST /groups/<id>/members/<id>/removal: take somebody out of the group."""
    ids = {"user_ids": [member_id], "service_ids": [member_id]}
    try:
        commands.remove_members(group_id=group_id, **ids, actor=request.actor, now=timezone.now())
        messages.success(request, "Removed from the group.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/groups/{group_id}/")


@page(post=GroupPermission.MANAGE, scoped_to=_SCOPE)
def group_deletion(request, group_id):
    """POST /groups/<id>/deletion: take the group out of use."""
    try:
        group = commands.delete_group(group_id=group_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"/groups/{group_id}/")
    messages.success(request, f"Removed the group {group.name}.", extra_tags=f"undo:/groups/{group_id}/restoration")
    return redirect("/groups/")


@page(post=GroupPermission.MANAGE, scoped_to=_SCOPE)
def group_restoration(request, group_id):
    """POST /groups/<id>/restoration: bring the group back."""
    try:
        group = commands.restore_group(group_id=group_id, actor=request.actor, now=timezone.now())
        messages.success(request, f"The group {group.name} is back.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/groups/{group_id}/")


def _wish(form: GroupForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("name", "description", "external_id")}


def _detail(request, group, *, form=None, member_form=None, roles_error="", status=200):
    initial = {name: getattr(group, name) for name in ("name", "description", "external_id", "version")}
    members, cursors, _ = page_of_rows(request, queries.members(group.id))
    context = {
        "group": group,
        "form": form or GroupForm(initial=initial),
        "member_form": member_form or MemberForm(),
        "members": members,
        "page": cursors,
        "roles": [
            {"code": r.code, "label": r.label, "description": r.description, "held": r.code in group.role_codes}
            for r in roles.all_roles()
            if r.code != OWNER
        ],
        "roles_error": roles_error,
        "may_manage": request.principal.may(GroupPermission.MANAGE, Resource("group", group.id)),
        "changes": queries.changes_of_group(group.id, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "groups/detail.html", context, status=status)
