"""What a company may configure: checked, kept in versions, gone back to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals.errors import ApprovalNeeded
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.tenants import commands, configuration, queries
from apps.iam.tenants.errors import InvalidConfiguration, TenantIsGone, VersionNotFound
from apps.iam.tenants.events import TenantConfigured
from apps.iam.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def configure(by_owner):
    return lambda actor=by_owner, **changes: commands.configure_tenant(changes=changes, actor=actor, now=timezone.now())


class TestConfigure:
    def test_makes_a_version_and_tells(self, configure, company, published):
        now_so = configure(time_zone="Europe/London", locale="en-GB")

        assert (now_so.version, now_so.values.time_zone) == (1, "Europe/London")
        told = [one for one in published if isinstance(one, TenantConfigured)]
        assert told == [TenantConfigured(tenant_id=company.id, number=1, changed=("time_zone",))]
        assert [one.kind for one in published if isinstance(one, SecurityEventRecorded)] == ["settings.changed"]

    def test_changes_nothing_when_repeated(self, configure, published):
        configure(colour="#1f4fd8")

        assert configure(colour="#1f4fd8").version == 1
        assert queries.configuration_versions().count() == 1

    def test_reaches_the_row_that_is_read_before_a_tenant_is_entered(self, configure, company):
        configure(name=" Acme  Holdings ", default_currency="EUR")

        company.refresh_from_db()
        assert (company.name, company.default_currency) == ("Acme Holdings", "EUR")

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("name", " "),
            ("default_currency", "pounds"),
            ("locale", "english"),
            ("time_zone", "Europe/Camelot"),
            ("colour", "red"),
            ("allowed_email_domains", ["acme example"]),
            ("allowed_email_domains", ["Acme.Example"]),
            ("approvals", {"roles.assign_owner": "perhaps"}),
            ("approvals", {"nothing.of_the_kind": "never"}),
            ("approvals", {"tenant.change_approvals": "never"}),
            ("retention_days", True),
            ("favourite", "tea"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, configure, setting, value):
        with pytest.raises(InvalidConfiguration) as refusal:
            configure(**{setting: value})

        assert list(refusal.value.errors) == [setting]
        assert not queries.configuration_versions().exists()

    def test_is_refused_on_an_older_version(self, configure, by_owner):
        configure(colour="#111111")

        with pytest.raises(PreconditionFailed):
            commands.configure_tenant(
                changes={"colour": "#222222"}, actor=by_owner, now=timezone.now(), expected_version=0
            )

    def test_is_over_once_the_company_is_erased(self, configure, company):
        Tenant.objects.filter(id=company.id).update(status="erasing")

        with pytest.raises(TenantIsGone):
            configure(colour="#111111")

    def test_is_each_companys_own(self, configure, other_company):
        configure(colour="#111111")

        with tenant(other_company.id):
            assert queries.current_configuration().values.colour == ""
            assert not queries.configuration_versions().exists()

    def test_keeps_versions_that_nobody_can_rewrite(self, configure):
        configure(colour="#111111")

        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute("update tenants_configurationversion set number = 7")


class TestGoBack:
    def test_says_again_what_was_said(self, configure, by_owner):
        configure(colour="#111111", time_zone="Europe/London")
        configure(colour="#222222")

        again = commands.restore_configuration(number=1, actor=by_owner, now=timezone.now())

        assert (again.version, again.values.colour) == (3, "#111111")
        assert queries.configuration_version(3).restored_from == 1

    def test_does_not_find_what_never_was(self, by_owner, company):
        with pytest.raises(VersionNotFound):
            commands.restore_configuration(number=4, actor=by_owner, now=timezone.now())

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "colour": st.sampled_from(["", "#111111", "#222222"]),
                    "retention_days": st.integers(1, 3650),
                    "allowed_email_domains": st.lists(st.sampled_from(["a.example", "b.example"]), max_size=2),
                    "time_zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
                },
            ),
            min_size=1,
            max_size=5,
        ),
        choice=st.integers(min_value=0),
    )
    def test_restores_any_version_exactly(self, company, by_owner, steps, choice):
        for changes in steps:
            commands.configure_tenant(changes=changes, actor=by_owner, now=timezone.now())
        versions = {one.number: one.values for one in queries.configuration_versions()}
        if not versions:
            return
        number = sorted(versions)[choice % len(versions)]

        again = commands.restore_configuration(number=number, actor=by_owner, now=timezone.now())

        assert configuration.encoded(again.values) == versions[number]
        assert configuration.encoded(queries.current_configuration().values) == versions[number]
        row = queries.tenant_by_id(company.id)
        assert (row.colour, row.time_zone) == (again.values.colour, again.values.time_zone)


class TestRulesForApprovals:
    RULES = {"roles.assign_owner": "never"}

    def test_are_a_single_owners_own_affair(self, configure):
        assert configure(approvals=self.RULES).values.approvals == self.RULES

    def test_take_a_second_person_where_there_is_one(self, configure, member, actor_of, by_owner):
        second, now = actor_of(member("owner")), timezone.now()
        with pytest.raises(ApprovalNeeded):
            configure(approvals=self.RULES)

        request = approvals.done_or_requested(lambda: configure(approvals=self.RULES), actor=by_owner, now=now)
        decided = approvals.approve(approval_id=request.id, actor=second, now=now)

        assert decided.status == "executed"
        assert queries.current_configuration().values.approvals == self.RULES

    def test_are_not_laid_over_what_was_changed_in_the_meantime(self, configure, member, actor_of, by_owner):
        second, now = actor_of(member("owner")), timezone.now()
        request = approvals.done_or_requested(lambda: configure(approvals=self.RULES), actor=by_owner, now=now)
        configure(colour="#111111")

        decided = approvals.approve(approval_id=request.id, actor=second, now=now)

        assert (decided.status, queries.current_configuration().values.colour) == ("failed", "#111111")

    def test_take_a_second_person_when_they_come_back_with_an_old_version(self, configure, member, by_owner, actor_of):
        configure(approvals=self.RULES)
        configure(approvals={})
        member("owner")

        with pytest.raises(ApprovalNeeded):
            commands.restore_configuration(number=1, actor=by_owner, now=timezone.now())

    def test_say_always_also_where_nobody_could_approve(self, configure, member, by_owner):
        from apps.iam.users import commands as users

        configure(approvals={"roles.assign_owner": "always"})

        with pytest.raises(ApprovalNeeded):
            users.change_roles(
                user_id=member("clerk").user_id, roles_held=["owner"], actor=by_owner, now=timezone.now()
            )

    def test_say_never(self, configure, member, by_owner):
        from apps.iam.users import commands as users

        configure(approvals=self.RULES)
        users.change_roles(user_id=member().user_id, roles_held=["owner"], actor=by_owner, now=timezone.now())

        later = timezone.now() + timedelta(seconds=1)
        assert users.change_roles(user_id=member().user_id, roles_held=["owner"], actor=by_owner, now=later)
