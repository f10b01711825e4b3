"""A company goes: everything of it in every service, nothing of another one's, whatever happens in between."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connections
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.demo import seed
from apps.core.crypto.keys import forget_keys
from apps.core.crypto.tokens import ERASED
from apps.core.db.ids import uuid7
from apps.core.events.log import stream
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import PLATFORM, tenant
from apps.core.tenantdata.models import ErasureWarrant
from apps.core.tenantdata.tables import held_tables
from apps.iam.approvals import commands as approvals
from apps.iam.audit import exporting
from apps.iam.audit.checkpoints import read_checkpoint
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.files import verify_file
from apps.iam.audit.maintenance import chain_ids
from apps.iam.audit.models import SecurityChain
from apps.iam.exports import commands as exports
from apps.iam.exports.commands import making
from apps.iam.tenants import commands, queries, runs, tasks
from apps.iam.tenants.commands.erase_tenant import STEPS
from apps.iam.tenants.errors import DeletionNotPlanned, StillThere, TenantIsGone
from apps.iam.tenants.events import TenantErased
from apps.iam.tenants.models import LifecycleRun, Tenant
from apps.iam.users import queries as users
from apps.iam.users.errors import UserNotFound
from apps.iam.users.tests.factories import MembershipFactory, UserFactory
from tests.callers import make_caller
from tests.isolation.leaks import grounds

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="class")
def going(kept_by_class):
    """A company with people and a shop whose waiting time is over, and one that stays."""
    return made_companies()


def made_companies(orders=8):
    goes, stays = uuid7(), uuid7()
    for one in (goes, stays):
        make_caller(one, "owner")
        make_caller(one, "clerk")
        seed(tenant_id=one, slug=one.hex, orders=orders)
    Tenant.objects.filter(id=goes).update(deletion_due_at=timezone.now() - timedelta(seconds=1))
    return goes, stays


def erase(tenant_id):
    return commands.erase_tenant(tenant_id=tenant_id, now=timezone.now())


def left(tenant_id):
    """How many rows there are of a tenant, table by table."""
    found = {}
    for alias in settings.PRIMARY_ALIASES:
        tables = [held.table for held in chain.from_iterable(held_tables(alias)) if not held.through]
        counts = (f"select '{table}', count(*) from \"{table}\" where tenant_id = %(tenant)s" for table in tables)
        with tenant(tenant_id), connections[alias].cursor() as cursor:
            cursor.execute(" union all ".join(counts), {"tenant": tenant_id})
            found |= dict(cursor.fetchall())
    return {table: count for table, count in found.items() if count}


class TestErasing:
    def test_takes_everything_and_keeps_that_it_happened(self, going, published):
        goes, stays = going
        slug, theirs = queries.tenant_by_id(goes).slug, left(stays)

        erase(goes)

        assert left(goes) == {}
        assert left(stays) == theirs
        buried = queries.tenant_by_id(goes)
        assert (buried.status, buried.name, slug in buried.slug) == ("deleted", "Deleted company", False)
        with tenant(PLATFORM):
            kinds = {envelope.event_type for envelope in stream(goes, using="default")}
        assert kinds == {"TenantErased", "SecurityEventRecorded"}
        told = [one for one in published if isinstance(one, TenantErased | SecurityEventRecorded)]
        assert TenantErased(company_id=goes) in told
        for alias in settings.PRIMARY_ALIASES:
            assert [warrant.company_id for warrant in ErasureWarrant.objects.using(alias)] == [goes]

    def test_leaves_what_kafka_and_backups_hold_unreadable(self, going):
        goes, stays = going
        said = {}
        for one in going:
            with tenant(one):
                user_id = users.member_ids()[0]
                said[one] = stream(users.membership(user_id).id, using="default")[0]
        theirs = said[stays].event()

        erase(goes)

        forget_keys()
        assert (said[goes].event().name, said[goes].event().email) == (ERASED, ERASED)
        assert said[stays].event() == theirs

    def test_frees_the_short_name(self, going):
        slug = queries.tenant_by_id(going[0]).slug
        erase(going[0])

        again = commands.create_tenant(slug=slug, name="Another", default_currency="GBP")

        assert again.id != going[0]

    def test_deletes_people_who_belong_nowhere_else(self, going):
        goes, stays = going
        with tenant(goes):
            ids = users.member_ids()
        with tenant(stays):
            both = MembershipFactory(user=users.user(ids[0]), roles=("clerk",))
        erase(goes)

        assert users.user(both.user_id).email
        with pytest.raises(UserNotFound):
            users.user(ids[1])

    def test_is_refused_before_its_time(self, going):
        Tenant.objects.filter(id=going[0]).update(deletion_due_at=timezone.now() + timedelta(minutes=1))
        before = left(going[0])

        with pytest.raises(DeletionNotPlanned):
            erase(going[0])
        with pytest.raises(DeletionNotPlanned):
            erase(going[1])

        assert left(going[0]) == before

    def test_cannot_be_called_off_once_it_has_begun(self, going):
        erase(going[0])

        with pytest.raises(TenantIsGone):
            commands.cancel_deletion(tenant_id=going[0], actor=SYSTEM)
        with pytest.raises(TenantIsGone):
            commands.reinstate_tenant(tenant_id=going[0])

    def test_lets_nobody_in_from_its_first_step_on(self, going, monkeypatch):
        caller = make_caller(going[0], "owner")
        assert caller.client().get("/api/v1/me").status_code == 200
        crash(monkeypatch, ["sessions"], "before its effect")
        with pytest.raises(Crash):
            erase(going[0])

        assert caller.client().get("/api/v1/me").status_code == 401

    def test_changes_nothing_when_repeated(self, going):
        first = erase(going[0])

        assert erase(going[0]).version == first.version

    def test_is_begun_by_the_sweep(self, going, monkeypatch):
        begun = []
        monkeypatch.setattr(tasks.erase, "apply_async", lambda kwargs: begun.append(kwargs["tenant_id"]))

        tasks.sweep()

        assert begun == [str(going[0])]
        tasks.erase(tenant_id=begun[0])
        assert left(going[0]) == {}

    def test_finds_what_came_late(self, going, monkeypatch):
        """A handler that was at work on one of the last events writes after the erasure."""
        goes, _ = going
        real = runs._done

        def late(run_id, step, now):
            if step.code == "check" and not late.came:
                late.came = True
                with tenant(goes):
                    ProductFactory()
            return real(run_id, step, now)

        late.came = False
        monkeypatch.setattr(runs, "_done", late)
        with pytest.raises(StillThere):
            erase(goes)
        erase(goes)

        assert left(goes) == {}
        assert queries.tenant_by_id(goes).status == "deleted"


class TestWhatIsKept:
    """In the platform's own security log, which is not erased."""

    @pytest.fixture
    def going(self, db):
        return made_companies(orders=1)  # while the log is listened to

    @pytest.fixture
    def told(self, published):
        """What the platform's log says of the erasure, once it is done."""

        def last(tenant_id):
            erase(tenant_id)
            records = [one for one in published if isinstance(one, SecurityEventRecorded)]
            return next(one for one in reversed(records) if one.details.get("change") == "erased").details

        return last

    def test_names_the_company_and_the_two_people_who_decided(self, going, told):
        goes, _ = going
        Tenant.objects.filter(id=goes).update(deletion_due_at=None)
        asker, approver = [
            Actor(kind="user", id=one.id, name=one.name) for one in UserFactory.create_batch(2, is_platform_staff=True)
        ]
        long_ago = timezone.now() - timedelta(days=31)
        facts = {"actor": asker, "now": long_ago}
        with tenant(PLATFORM):
            request = approvals.done_or_requested(lambda: commands.plan_deletion(tenant_id=goes, **facts), **facts)
            approvals.approve(approval_id=request.id, actor=approver, now=long_ago)
        slug = queries.tenant_by_id(goes).slug

        details = told(goes)

        people = str(asker.id), str(approver.id)
        assert (details["slug"], details["ordered_by"], details["approved_by"]) == (slug, *people)
        assert {warrant.ordered_by for warrant in ErasureWarrant.objects.using("business")} == {asker.id}

    def test_is_where_the_companys_log_ended_so_that_its_export_can_be_verified(self, drain, going, told):
        goes, _ = going
        drain()
        with tenant(goes):
            lines = [json.dumps(line) for line in exporting.whole_log(now=timezone.now())]

        end = read_checkpoint(told(goes)["log"])

        last = json.loads(lines[-2])
        assert (end.tenant_id, end.sequence, end.hash) == (goes, last["sequence"], last["hash"])
        assert verify_file(io.StringIO("\n".join(lines)), checkpoints=[end]).intact
        rewritten = replace(end, hash="0" * 64)
        assert not verify_file(io.StringIO("\n".join(lines)), checkpoints=[rewritten]).intact

    def test_is_that_the_log_was_broken_where_it_was(self, drain, going, told):
        goes, _ = going
        drain()
        with tenant(goes):
            SecurityChain.objects.filter(tenant_id=goes).update(seal=b"another")

        assert told(goes)["log"].startswith("broken: ")
        assert left(goes) == {}

    def test_is_no_fault_of_the_log(self, drain, going):
        """Half of a chain that is being erased would look tampered with."""
        goes, stays = going
        drain()
        Tenant.objects.filter(id=goes).update(status=Tenant.Status.ERASING)

        assert stays in chain_ids()
        assert goes not in chain_ids()


class TestFiles:
    @pytest.fixture(autouse=True)
    def _own_folder(self, tmp_path, settings):
        given = settings.STORAGES
        options = {**given["exports"]["OPTIONS"], "location": str(tmp_path)}
        settings.STORAGES = {**given, "exports": {**given["exports"], "OPTIONS": options}}
        storages._storages.clear()
        yield
        storages._storages.clear()

    def test_of_exports_go_too_those_that_no_row_names_as_well(self, going):
        goes, stays = going
        for one in going:
            with tenant(one):
                made = exports.request_company_export(actor=SYSTEM, now=timezone.now())
                exports.make_export(export_id=made.id, now=timezone.now())
        storages["exports"].save(f"{goes}/orphan.zip", ContentFile(b"x"))

        erase(goes)

        assert storages["exports"].listdir(str(goes))[1] == []
        assert len(storages["exports"].listdir(str(stays))[1]) == 1

    def test_are_not_kept_by_a_job_that_is_at_work(self, going, monkeypatch):
        goes, _ = going
        with tenant(goes):
            made = exports.request_company_export(actor=SYSTEM, now=timezone.now())
        real = making.write_archive

        def overtaken(*args, **others):
            written = real(*args, **others)
            exports.end_exports(now=timezone.now())
            return written

        monkeypatch.setattr(making, "write_archive", overtaken)
        with tenant(goes):
            assert exports.make_export(export_id=made.id, now=timezone.now()).state == "failed"

        with pytest.raises(FileNotFoundError):
            storages["exports"].listdir(str(goes))

    def test_are_begun_no_more_once_it_goes(self, going):
        goes, _ = going
        with tenant(goes):
            made = exports.request_company_export(actor=SYSTEM, now=timezone.now())
        Tenant.objects.filter(id=goes).update(status=Tenant.Status.ERASING)

        with tenant(goes), pytest.raises(TenantIsGone):
            exports.make_export(export_id=made.id, now=timezone.now())
        with tenant(goes), pytest.raises(TenantIsGone):
            exports.request_company_export(actor=SYSTEM, now=timezone.now())


class Crash(Exception):
    """A process that dies, as far as its transactions can tell."""


def crash(monkeypatch, codes, point):
    """The first time that each of these steps is done, the process dies there; returns those at which it did."""
    real, crashed = runs._done, []

    def dying(run_id, step, now):
        if step.code not in codes or step.code in crashed:
            return real(run_id, step, now)
        crashed.append(step.code)

        def do(run, at):
            if point != "before its effect":
                step.do(run, at)
            if point != "after its note":
                raise Crash

        real(run_id, replace(step, do=do), now)
        raise Crash

    monkeypatch.setattr(runs, "_done", dying)
    return crashed


@pytest.mark.slow
class TestCrash:
    @pytest.mark.parametrize("point", ["before its effect", "after its effect", "after its note"])
    def test_at_every_step_and_carrying_on_ends_the_same(self, going, monkeypatch, point):
        goes, stays = going
        theirs, codes = left(stays), [step.code for step in STEPS]
        crashed = crash(monkeypatch, codes, point)
        for _ in codes:
            with pytest.raises(Crash):
                erase(goes)

        erase(goes)

        assert crashed == codes
        run = queries.run_of(goes, LifecycleRun.Kind.ERASE)
        assert (left(goes), left(stays), queries.tenant_by_id(goes).status) == ({}, theirs, "deleted")
        assert (run.steps_done, run.failed_step) == (codes, "")
        assert run.finished_at is not None
        with tenant(PLATFORM):
            told = [envelope.event_type for envelope in stream(goes, using="default")]
        assert sorted(told) == ["SecurityEventRecorded", "TenantErased"]

    def test_each_step_may_run_twice(self, going, monkeypatch):
        goes, _ = going
        real = runs._done

        def twice(run_id, step, now):
            def do(run, at):
                step.do(run, at)
                step.do(run, at)

            return real(run_id, replace(step, do=do), now)

        monkeypatch.setattr(runs, "_done", twice)
        erase(goes)

        assert (left(goes), queries.tenant_by_id(goes).status) == ({}, "deleted")
        with tenant(PLATFORM):
            told = [envelope.event_type for envelope in stream(goes, using="default")]
        assert sorted(told) == ["SecurityEventRecorded", "TenantErased"]


@pytest.mark.django_db(transaction=True)
class TestByteForByte:
    def test_another_company_is_what_it_was(self):
        goes, stays = made_companies()
        watched = grounds()
        try:
            before = {ground.alias: ground.digest(stays) for ground in watched}
            erase(goes)

            assert {ground.alias: ground.digest(stays) for ground in watched} == before
            assert {value for ground in watched for value in ground.digest(goes).values()} == {""}
        finally:
            for ground in watched:
                ground.close()
