"""Every change of who may do what has one record in the security log, and the refusals have theirs."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.iam.access import commands as access
from apps.iam.audit import security_queries as audit
from apps.iam.groups import commands as groups
from apps.iam.roles import commands as roles
from apps.iam.roles.content import RoleContent

pytestmark = pytest.mark.django_db


def test_each_change_is_recorded_once_with_who_did_it(owner, member, by_owner, client_of, drain):
    ada, by = member("viewer"), {"actor": by_owner, "now": timezone.now()}
    role = roles.create_role(code="lead", content=RoleContent("Lead", permissions=("users.view",)), **by)
    roles.update_role(code="lead", content=RoleContent("Boss"), **by)
    group = groups.create_group(name="Finance", actor=by_owner)
    groups.change_roles(group_id=group.id, roles_held=["clerk"], **by)
    groups.add_members(group_id=group.id, user_ids=[ada.user_id], **by)
    given = access.grant_role(holder_kind="user", holder_id=ada.user_id, role="lead", **by)
    access.end_assignment(assignment_id=given.id, **by)
    rule, _ = roles.create_rule(name="Apart", roles=("lead", "owner"), **by)
    client_of(ada).get("/api/v1/users")

    drain()

    subjects = {role.id: "role", group.id: "group", ada.user_id: "ada", rule.id: "rule"}
    records = [record for page in audit.in_chain_order(audit.security_records()) for record in page]
    told = [(subjects[r.subject_id], r.kind, r.details.get("change", "")) for r in records if r.subject_id in subjects]
    assert told == [
        ("role", "role.changed", "created"),
        ("role", "role.changed", "updated"),
        ("group", "group.changed", "created"),
        ("group", "group.changed", "roles"),
        ("group", "group.changed", "members_added"),
        ("ada", "roles.assigned", "assigned"),
        ("ada", "roles.assigned", "ended"),
        ("rule", "role.changed", "kept_apart"),
        ("ada", "access.denied", ""),
    ]
