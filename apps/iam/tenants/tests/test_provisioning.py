"""A company is given everything it needs, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.events.log import stream
from apps.core.history import SYSTEM
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.oidc import people
from apps.iam.tenants import commands, queries, runs
from apps.iam.tenants.commands import NewTenant, provision_tenant
from apps.iam.tenants.errors import InvalidConfiguration, RunNotFound, TenantExists
from apps.iam.tenants.models import ConfigurationVersion, LifecycleRun, Tenant
from apps.iam.users import queries as users
from apps.iam.users.errors import InvalidMember

pytestmark = pytest.mark.django_db

STEPS = ["settings", "owner", "open", "demo"]
seeded: list[str] = []


def seed(*, tenant_id, slug):
    """Stands where demonstration data would be made; the real one is tried in its own tests."""
    seeded.append(slug)


@pytest.fixture(autouse=True)
def _seeders(settings):
    settings.DEMO_SEEDERS = ["apps.iam.tenants.tests.test_provisioning.seed"]
    seeded.clear()


@pytest.fixture
def new():
    return NewTenant(
        slug="acme",
        name="Acme Trading",
        default_currency="GBP",
        owner_email="ada@acme.example",
        owner_name="Ada King",
        settings={"time_zone": "Europe/London"},
        with_demo=True,
    )


def provision(new, **options):
    return provision_tenant(new=new, actor=SYSTEM, now=timezone.now(), **options)


def everything(slug="acme"):
    """What there is in the end, without ids and times."""
    company = queries.tenant_by_slug(slug)
    run = queries.run_of(company.id, LifecycleRun.Kind.PROVISION)
    owner = users.user_by_email("ada@acme.example")
    with tenant(company.id):
        return {
            "tenant": (company.name, company.status, company.time_zone, company.default_currency),
            "steps": (sorted(run.steps_done), run.finished_at is not None, run.failed_step),
            "members": [(m.name, m.status, m.role_codes) for m in users.members()],
            "people": type(owner).objects.filter(email_key="ada@acme.example").count(),
            "can sign in": owner.has_usable_password(),
            "versions": list(ConfigurationVersion.objects.in_tenant().values_list("number", "changed")),
            "events": [envelope.event_type for envelope in stream(company.id, using="default")],
            "demo": bool(seeded),
        }


class Crash(Exception):
    """A process that dies, as far as its transactions can tell."""


POINTS = ("before its effect", "after its effect", "after its note")


@pytest.fixture
def crash_at(monkeypatch):
    """`crash_at("owner", "after its effect")`: the first time that step is done, the process dies there."""

    def plant(code, point):
        real, crashed = runs._done, []

        def dying(run_id, step, now):
            if step.code != code or crashed:
                return real(run_id, step, now)
            crashed.append(code)

            def do(run, at):
                if point != "before its effect":
                    step.do(run, at)
                if point != "after its note":
                    raise Crash

            real(run_id, replace(step, do=do), now)
            raise Crash

        monkeypatch.setattr(runs, "_done", dying)

    return plant


class TestProvisioning:
    def test_ends_with_an_open_company_and_an_invited_owner(self, new):
        made = provision(new)

        assert everything() == {
            "tenant": ("Acme Trading", "active", "Europe/London", "GBP"),
            "steps": (sorted(STEPS), True, ""),
            "members": [("Ada King", "invited", ["owner"])],
            "people": 1,
            "can sign in": True,
            "versions": [(1, ["time_zone"])],
            "events": [
                *("TenantCreated", "TenantConfigured", "SecurityEventRecorded"),
                *("TenantStatusChanged", "SecurityEventRecorded"),
            ],
            "demo": True,
        }
        assert users.user_by_email("ada@acme.example").check_password(made.one_time_password)

    def test_takes_seconds(self, new):
        """The promise is minutes; this is the time that each step said it took."""
        made = provision(new)

        assert [one.step.code for one in made.steps] == STEPS
        assert sum(one.seconds for one in made.steps) < 60

    def test_mails_the_way_to_join_where_mail_is_on(self, new, outbox):
        made = provision(new)

        assert made.one_time_password is None
        assert [(template, to) for template, to, _ in outbox()] == [("invitation", "ada@acme.example")]

    def test_is_refused_for_a_company_that_is_there(self, new):
        provision(new)

        with pytest.raises(TenantExists):
            provision(new)

    def test_keeps_people_out_until_it_is_done(self, new, crash_at):
        crash_at("open", "before its effect")
        with pytest.raises(Crash):
            provision(new)

        owner = users.user_by_email("ada@acme.example")
        assert not queries.tenant_by_slug("acme").is_active
        assert people.tenants_of(owner.id) == []

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"owner_email": "nobody"}, InvalidMember),
            ({"owner_name": " "}, InvalidMember),
            ({"settings": {"time_zone": "Mars/Base"}}, InvalidConfiguration),
        ],
    )
    def test_makes_nothing_of_what_is_not_well_formed(self, new, change, error):
        with pytest.raises(error):
            provision(replace(new, **change))

        assert not Tenant.objects.exists()

    def test_leaves_what_takes_long_to_a_job_when_asked(self, new):
        made = provision(new, jobs=True)

        assert (made.tenant.status, made.run.finished_at, seeded) == ("active", None, [])
        commands.resume_provisioning(tenant_id=made.tenant.id, now=timezone.now())
        assert (seeded, everything()["steps"]) == (["acme"], (sorted(STEPS), True, ""))

    def test_has_nothing_to_carry_on_for_a_company_made_otherwise(self):
        company = commands.create_tenant(slug="acme", name="Acme", default_currency="GBP")

        with pytest.raises(RunNotFound):
            commands.resume_provisioning(tenant_id=company.id, now=timezone.now())


class TestCrash:
    @pytest.fixture
    def undisturbed(self, new):
        from django.db import transaction

        with transaction.atomic(using="default"):
            provision(new)
            found = everything()
            transaction.set_rollback(True, using="default")
        seeded.clear()
        return found

    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("code", STEPS)
    def test_at_any_step_and_carrying_on_ends_the_same(self, undisturbed, new, crash_at, code, point):
        crash_at(code, point)
        with pytest.raises(Crash):
            provision(new)
        failed = queries.run_of(queries.tenant_by_slug("acme").id, LifecycleRun.Kind.PROVISION)
        assert (failed.failed_step, failed.failure, failed.finished_at) == (code, "Crash", None)

        made = provision(new)

        assert everything() == undisturbed
        assert users.user_by_email("ada@acme.example").check_password(made.one_time_password)

    @pytest.mark.parametrize("code", STEPS)
    def test_each_step_may_run_twice(self, undisturbed, new, code):
        provision(new)
        company = queries.tenant_by_slug("acme")
        with tenant(PLATFORM):
            run = LifecycleRun.objects.get(company_id=company.id)
            if code != "owner":  # which is one transaction with its note, so that it never does
                run.steps_done = [one for one in run.steps_done if one != code]
                run.finished_at = None
                run.save()

        commands.resume_provisioning(tenant_id=company.id, now=timezone.now())

        assert everything() == undisturbed

    def test_before_the_first_step_leaves_nothing(self, new, monkeypatch):
        monkeypatch.setattr("apps.iam.tenants.runs.begun", lambda **_: (_ for _ in ()).throw(Crash))
        with pytest.raises(Crash):
            provision(new)

        assert not Tenant.objects.exists()

    def test_loses_no_password_that_somebody_uses(self, new, crash_at):
        crash_at("open", "before its effect")
        with pytest.raises(Crash):
            provision(new)
        owner = users.user_by_email("ada@acme.example")
        type(owner).objects.filter(id=owner.id).update(last_login=timezone.now())

        made = provision(new)

        assert made.one_time_password is None
        assert users.user(owner.id).password == owner.password


class TestCommand:
    def test_prints_each_step_with_its_time_and_the_password_once(self, capsys):
        call_command("create_tenant", "acme", name="Acme", currency="GBP", owner="ada@acme.example", owner_name="Ada")

        said = capsys.readouterr().out
        password = said.rpartition("(shown only now): ")[2].strip()
        assert "Settings: 0." in said
        assert users.user_by_email("ada@acme.example").check_password(password)

    def test_leaves_a_company_that_is_there(self, capsys):
        call_command("create_tenant", "acme", name="Acme", owner="ada@acme.example")
        call_command("create_tenant", "acme", name="Other", owner="ben@acme.example")

        assert "stays as it is" in capsys.readouterr().out
        assert users.user_by_email("ben@acme.example") is None

    def test_explains_what_is_wrong(self):
        with pytest.raises(CommandError, match="invalid_configuration: time_zone"):
            call_command("create_tenant", "acme", name="Acme", owner="ada@acme.example", time_zone="Mars")
