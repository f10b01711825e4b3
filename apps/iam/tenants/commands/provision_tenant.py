"""Give a company everything it needs to begin, step by step, and carry on after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import mail
from apps.core.auth.permissions import OWNER
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant as entered
from apps.iam.credentials import commands as credentials
from apps.iam.tenants import configuration, queries, runs
from apps.iam.tenants.commands.configure_tenant import configure_tenant
from apps.iam.tenants.commands.create_tenant import activate_tenant, create_tenant
from apps.iam.tenants.errors import RunNotFound, TenantExists, TenantNotFound
from apps.iam.tenants.models import LifecycleRun, Tenant
from apps.iam.tenants.runs import Done, Step
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.names import valid_email, valid_name
from apps.iam.users.passwords import one_time_password


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a company begins with. `settings` are those of `configuration.Configuration`, as far as they differ."""

    slug: str
    name: str
    default_currency: str
    owner_email: str
    owner_name: str
    settings: dict[str, Any] = field(default_factory=dict)
    with_demo: bool = False


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The company, each step with its time, and the owner's first password where no mail brings the way to one."""

    tenant: Tenant
    run: LifecycleRun
    steps: tuple[Done, ...]
    one_time_password: str | None


def provision_tenant(
    *, new: NewTenant, actor: Actor, now: datetime, told: Callable[[Done], None] = lambda _: None, jobs: bool = False
) -> Provisioned:
    """Make a company with its settings and its first owner, who is invited; then open it.

    Each step is kept with the note that it is done. After a crash at any point, calling this again, or
    `resume_provisioning`, carries on and ends the same. With `jobs` what may take long (demonstration data) is left to
    the sweep. Raises InvalidTenant, InvalidConfiguration, InvalidMember, TenantExists.
    """
    run = _begun(new, actor, now)
    return _carried_on(run, now, told, jobs=jobs)


def resume_provisioning(
    *, tenant_id: UUID, now: datetime, told: Callable[[Done], None] = lambda _: None
) -> Provisioned:
    """Carry on where a crash left off. Safe to repeat. Raises TenantNotFound, RunNotFound."""
    queries.tenant_by_id(tenant_id)
    run = queries.run_of(tenant_id, LifecycleRun.Kind.PROVISION)
    if run is None:
        raise RunNotFound
    return _carried_on(run, now, told, jobs=False)


def _begun(new: NewTenant, actor: Actor, now: datetime) -> LifecycleRun:
    """The row of the company, and the run that will fill it, in one transaction."""
    try:
        known = queries.tenant_by_slug(new.slug)
    except TenantNotFound:
        return _new_run(new, actor, now)
    run = queries.run_of(known.id, LifecycleRun.Kind.PROVISION)
    if run is None or run.finished_at is not None:
        raise TenantExists(f"there is a company {new.slug} already", tenant_id=str(known.id))
    return run


def _new_run(new: NewTenant, actor: Actor, now: datetime) -> LifecycleRun:
    facts = {
        "owner_email": valid_email(new.owner_email),
        "owner_name": valid_name(new.owner_name),
        "settings": dict(new.settings),
        "with_demo": new.with_demo,
        "begun_by": actor.name,
    }
    basis = configuration.Configuration(name=new.name, default_currency=new.default_currency)
    configuration.changed(basis, new.settings)  # said now, and not when half of the company is there
    with unit_of_work(LifecycleRun, actor=actor):
        tenant = create_tenant(slug=new.slug, name=new.name, default_currency=new.default_currency, opened=False)
        return runs.begun(kind=LifecycleRun.Kind.PROVISION, company_id=tenant.id, facts=facts, now=now)


def _carried_on(run: LifecycleRun, now: datetime, told: Callable[[Done], None], *, jobs: bool) -> Provisioned:
    owner = _Owner()
    steps = [step for step in _steps(run, owner) if step.in_transaction or not jobs]
    done = []
    if run.finished_at is None:
        for one in runs.carried_on(run.id, steps, now=now, finishes=len(steps) == len(_steps(run, owner))):
            told(one)
            done.append(one)
    found = queries.run_of(run.company_id, LifecycleRun.Kind.PROVISION)
    assert found is not None  # noqa: S101 (it was read above)
    password = owner.password or _lost_password(found, done)
    return Provisioned(queries.tenant_by_id(run.company_id), found, tuple(done), password)


@dataclass(slots=True)
class _Owner:
    """The password that a step hands to whoever called; it is kept nowhere."""

    password: str | None = None


def _steps(run: LifecycleRun, owner: _Owner) -> list[Step]:
    steps = [
        Step("settings", "Settings", _configure),
        Step("owner", "Invite the owner", lambda run, now: _invite(run, now, owner)),
        Step("open", "Open the company", _open),
    ]
    if run.facts["with_demo"]:
        steps.append(Step("demo", "Demonstration data", _seed, in_transaction=False))
    return steps


def _configure(run: LifecycleRun, now: datetime) -> None:
    with entered(run.company_id):
        configure_tenant(changes=run.facts["settings"], actor=SYSTEM, now=now, reason="provisioning")


def _invite(run: LifecycleRun, now: datetime, owner: _Owner) -> None:
    with entered(run.company_id):
        invited = credentials.invite(
            email=run.facts["owner_email"], name=run.facts["owner_name"], roles=[OWNER], actor=SYSTEM, now=now
        )
    owner.password = invited.one_time_password
    run.facts = {
        **run.facts,
        "owner_id": str(invited.membership.user_id),
        "shown": invited.one_time_password is not None,
    }


def _open(run: LifecycleRun, now: datetime) -> None:
    activate_tenant(tenant_id=run.company_id)


def _seed(run: LifecycleRun, now: datetime) -> None:
    slug = queries.tenant_by_id(run.company_id).slug
    for seeder in settings.DEMO_SEEDERS:
        import_string(seeder)(tenant_id=run.company_id, slug=slug)


def _lost_password(run: LifecycleRun, done: list[Done]) -> str | None:
    """Another first password, when the one of before was lost in a crash: it was shown to nobody and used by nobody."""
    invited_now = any(one.step.code == "owner" and not one.before for one in done)
    if invited_now or not done or not run.facts.get("shown") or mail.is_on():
        return None
    owner_id = UUID(run.facts["owner_id"])
    if people.user(owner_id).last_login is not None:
        return None
    password = one_time_password()
    users.set_password(user_id=owner_id, password=password)
    return password
