"""`manage.py delete_tenant`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.history import Actor
from apps.core.tenancy import PLATFORM, no_tenant, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import queries as found
from apps.iam.tenants import commands, queries
from apps.iam.tenants.models import Tenant
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def delete(company, capsys):
    def run(*arguments):
        with no_tenant():
            call_command("delete_tenant", company.slug, *arguments)
        return capsys.readouterr().out

    return run


@pytest.fixture
def staff():
    return UserFactory.create_batch(2, is_platform_staff=True)


def approve(company, person):
    with tenant(PLATFORM):
        request = found.waiting_about(commands.DELETE_TENANT, company.id)
        actor = Actor(kind="user", id=person.id, name=person.name)
        return approvals.approve(approval_id=request.id, actor=actor, now=timezone.now())


class TestDeleteTenant:
    def test_asks_in_the_name_of_one_of_the_staff_and_another_one_approves(self, delete, staff, company):
        assert "is not to be deleted" in delete()

        assert "somebody else" in delete("--as", staff[0].email, "--reason", "contract ended")
        assert f"{staff[0].name} asked for its deletion" in delete()
        assert queries.tenant_by_id(company.id).deletion_due_at is None
        assert approve(company, staff[1]).status == "executed"

        assert "will be erased at" in delete()

    def test_asks_once_however_often_it_is_called(self, delete, staff, company):
        assert delete("--as", staff[0].email) == delete("--as", staff[0].email)

    def test_calls_it_off(self, delete, staff, company):
        delete("--as", staff[0].email)
        approve(company, staff[1])

        assert "stays" in delete("--cancel")
        with pytest.raises(CommandError, match="deletion_not_planned"):
            delete("--cancel")

    def test_erases_step_by_step_what_is_due(self, delete, company, owner):
        with pytest.raises(CommandError, match="deletion_not_planned"):
            delete("--erase")
        Tenant.objects.filter(id=company.id).update(deletion_due_at=timezone.now() - timedelta(seconds=1))

        said = delete("--erase")

        assert "Sign where the security log ends" in said
        assert queries.tenant_by_id(company.id).status == "deleted"

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_asks_in_nobody_elses_name(self, delete, is_staff):
        somebody = UserFactory(is_platform_staff=is_staff, is_active=not is_staff)

        for address in (somebody.email, "nobody@example.test"):
            with pytest.raises(CommandError, match="none of the platform's staff"):
                delete("--as", address)

    def test_says_where_an_erasure_stopped(self, delete, company, owner, monkeypatch):
        Tenant.objects.filter(id=company.id).update(deletion_due_at=timezone.now() - timedelta(seconds=1))
        monkeypatch.setattr("apps.iam.exports.commands.end_exports", lambda now: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delete("--erase")

        assert "done so far: sessions, people; it stopped at files: ZeroDivisionError" in delete()
