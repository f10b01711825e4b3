"""Erase a company whose waiting time is over, step by step, and carry on after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from apps.business.facade import business
from apps.core import files
from apps.core.crypto import keys
from apps.core.events import archive, unit_of_work
from apps.core.history import SYSTEM
from apps.core.tenancy import PLATFORM
from apps.core.tenancy import tenant as entered
from apps.core.tenantdata import erasing
from apps.iam.approvals import queries as approvals
from apps.iam.audit import anchoring
from apps.iam.audit import commands as audit
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.errors import ChainBroken
from apps.iam.audit.kinds import Kind
from apps.iam.exports import commands as exports
from apps.iam.service import DATABASE
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason
from apps.iam.tenants import queries, runs
from apps.iam.tenants.commands.delete_tenant import DELETE_TENANT
from apps.iam.tenants.errors import StillThere
from apps.iam.tenants.events import TenantErased, TenantStatusChanged
from apps.iam.tenants.models import LifecycleRun, Tenant
from apps.iam.tenants.runs import Done, Step
from apps.iam.users import commands as users
from apps.iam.users import queries as people

_REASON = "the company was deleted"


def erase_tenant(*, tenant_id: UUID, now: datetime, told: Callable[[Done], None] = lambda _: None) -> Tenant:
    """Take everything of a company away, in every database; what stays is a row that says there was one.

    From its first step on there is no way back, and nobody gets in. Safe to repeat: what is done is not done again, and
    after a crash at any point the rest is. Raises DeletionNotPlanned while it is too early, TenantNotFound.
    """
    run = _begun(tenant_id, now)
    for done in runs.carried_on(run.id, STEPS, now=now):
        told(done)
    return queries.tenant_by_id(tenant_id)


def _begun(tenant_id: UUID, now: datetime) -> LifecycleRun:
    with entered(tenant_id), unit_of_work(Tenant, actor=SYSTEM, reason=_REASON) as work:
        company = queries.lock_tenant(tenant_id)
        if company.status not in Tenant.GONE:
            company.begin_erasure(at=now)
            company.save(update_fields=["status"])
            work.publish(TenantStatusChanged(tenant_id=tenant_id, status=company.status))
        facts: dict[str, object] = {"slug": company.slug, **_ordered(tenant_id)}
        return runs.begun(kind=LifecycleRun.Kind.ERASE, company_id=tenant_id, facts=facts, now=now)


def _ordered(tenant_id: UUID) -> dict[str, object]:
    """The ids of the two people, of the company or of the platform's staff: their own request for it goes too."""
    found = []
    for scope in (tenant_id, PLATFORM):
        with entered(scope):
            found.append(approvals.executed_about(DELETE_TENANT, tenant_id))
    newest = max(filter(None, found), key=lambda one: one.requested_at, default=None)
    return {"ordered_by": str(newest.requested_by), "approved_by": str(newest.decided_by)} if newest else {}


def _end_sessions(run: LifecycleRun, now: datetime) -> None:
    """Nobody gets in any more; this tells browsers and applications, while there still is somebody to tell."""
    with entered(run.company_id):
        for user_id in people.member_ids():
            sessions.end_sessions_of(
                user_id=user_id, tenant_id=run.company_id, reason=EndReason.DELETED, now=now, actor=SYSTEM
            )


def _delete_people(run: LifecycleRun, now: datetime) -> None:
    """Those who belong nowhere else are erased, while it is known who belonged here."""
    with entered(run.company_id):
        ids = people.member_ids()
    for user_id in ids:
        if people.belongs_only_to(user_id, run.company_id):
            users.delete_user(user_id=user_id, actor=SYSTEM, now=now)
            users.erase_person(user_id=user_id, actor=SYSTEM, now=now)


def _delete_files(run: LifecycleRun, now: datetime) -> None:
    with entered(run.company_id):
        exports.end_exports(now=now)


def _destroy_keys(run: LifecycleRun, now: datetime) -> None:
    """What Kafka and backups hold of the company says nothing of people any more."""
    with entered(run.company_id):
        business.destroy_keys()
        keys.destroy_tenants_keys(run.company_id, database=DATABASE)


def _erase_business(run: LifecycleRun, now: datetime) -> None:
    with entered(run.company_id):
        business.order_erasure(reason=_REASON, ordered_by=_orderer(run))
        _erase_business_rows()


def _erase_business_rows() -> int:
    total = 0
    while erased := business.erase_some():
        total += erased
    return total


def _close_log(run: LifecycleRun, now: datetime) -> None:
    """The chain goes too (ADR 18): where it ended is signed and kept, so that an export of it can still be verified."""
    try:
        with entered(run.company_id):
            last = audit.anchor_chain(now=now, again=True)
    except ChainBroken as error:
        run.facts = {**run.facts, "log": f"broken: {error}"}
        return
    if last is not None:
        anchoring.keep(last)
        run.facts = {**run.facts, "log": last.token}


def _erase_identity(run: LifecycleRun, now: datetime) -> None:
    with entered(run.company_id):
        erasing.order_erasure(DATABASE, reason=_REASON, ordered_by=_orderer(run))
        _erase_identity_rows()


def _erase_identity_rows() -> int:
    """The files first: which ones, their rows say."""
    return archive.erase_files(DATABASE) + files.erase_files(DATABASE) + erasing.erase_all(DATABASE)


def _make_sure(run: LifecycleRun, now: datetime) -> None:
    """A handler that was at work on one of the last events may have left something. Raises StillThere."""
    with entered(run.company_id):
        late = _erase_business_rows() + _erase_identity_rows()
    if late:
        raise StillThere(f"{late} rows came late: they are erased now, and it is looked again")


def _bury(run: LifecycleRun, now: datetime) -> None:
    """In the log of the platform, since the company's own is gone."""
    with entered(PLATFORM), unit_of_work(Tenant, actor=SYSTEM, reason=_REASON) as work:
        company = queries.lock_tenant(run.company_id)
        if company.status == Tenant.Status.DELETED:
            return
        company.bury()
        company.save()
        run.finish(at=now)  # in this transaction: nobody comes back to a company that is gone
        runs.forget(kind=LifecycleRun.Kind.PROVISION, company_id=company.id)
        work.publish(TenantErased(company_id=company.id))
        details = {"change": "erased", **{name: str(value) for name, value in run.facts.items()}}
        record_security_event(Kind.TENANT_CHANGED, subject_id=company.id, actor=SYSTEM, details=details)


def _orderer(run: LifecycleRun) -> UUID | None:
    return UUID(run.facts["ordered_by"]) if "ordered_by" in run.facts else None


STEPS = (
    Step("sessions", "End the sessions", _end_sessions, in_transaction=False),
    Step("people", "Erase people who belong nowhere else", _delete_people, in_transaction=False),
    Step("files", "Delete the files of exports", _delete_files, in_transaction=False),
    Step("keys", "Destroy the keys of what is encrypted", _destroy_keys, in_transaction=False),
    Step("business", "Erase orders, goods and customers", _erase_business, in_transaction=False),
    Step("log", "Sign where the security log ends", _close_log),
    Step("identity", "Erase people's memberships, roles and the log", _erase_identity, in_transaction=False),
    Step("check", "See that nothing is left", _make_sure, in_transaction=False),
    Step("bury", "Keep that it happened", _bury),
)
