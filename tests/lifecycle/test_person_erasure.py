"""A person goes: what both databases, Kafka and old backups hold of them cannot be read by anybody any more."""

from __future__ import annotations

import io
from decimal import Decimal
from importlib import import_module
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.business.catalog import commands as catalog
from apps.core.crypto import tombstones
from apps.core.crypto.keys import forget_keys
from apps.core.crypto.tokens import ERASED
from apps.core.db.ids import uuid7
from apps.core.events.envelope import decode, encode
from apps.core.events.log import stream
from apps.core.history import SYSTEM, Actor, Origin, acting, coming_from
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.users import commands, queries, tasks
from apps.iam.users.errors import PersonIsErased, PersonNotDeleted
from apps.iam.users.models import User
from apps.iam.users.tests.factories import UserFactory
from tests.callers import ensure_tenant
from tests.lifecycle.databases import backup, restore, tables_with

pytestmark = pytest.mark.django_db(transaction=True)

NAME, EMAIL, FORMER = "Quillon Zephyrine", "quillon@zephyrine.example", "Quillon Featherstone"
ADDRESS, PROGRAM = "203.0.113.77", "ZephyrBrowser/7"
TOLD = ("Quillon", "Zephyrin", "Featherstone", ADDRESS, "ZephyrBrowser")
# What the security log says stays for as long as it is kept: ADR 26.
SECURITY_LOG = {"audit_security_record"}


@pytest.fixture
def person(db) -> UUID:
    """Somebody in two companies, who did something in both services, and is deleted by now."""
    now = timezone.now()
    for company in (uuid7(), uuid7()):
        ensure_tenant(company)
        with tenant(company):
            member = commands.invite_member(email=EMAIL, name=FORMER, roles=["manager"], actor=SYSTEM, now=now)
            user_id = member.membership.user_id
            them = Actor("user", user_id, NAME)
            with coming_from(Origin(ADDRESS, PROGRAM, "sid")), acting(them):
                commands.update_member(user_id=user_id, name=NAME, actor=them)
                record_security_event(
                    Kind.SIGNED_IN, subject_id=user_id, actor=them, details={"as": EMAIL}, reason=f"{NAME} came back"
                )
                new = catalog.NewProduct(sku="Q1", name="Quill", unit_price=Decimal(1), currency="GBP")
                catalog.create_products(products=[new], actor=them, now=now)
    commands.delete_user(user_id=user_id, actor=SYSTEM, now=now)
    return user_id


def erase(person: UUID) -> None:
    commands.erase_person(user_id=person, actor=SYSTEM, now=timezone.now())


def events_of(person: UUID):
    """What the logs of their companies say by and about them."""
    found = []
    for company in queries.tenant_ids_of(person):
        with tenant(company):
            streams = [person, queries.membership(person).id]
            found += [envelope for one in streams for envelope in stream(one, using="default")]
    return found


class TestBefore:
    def test_no_event_holds_a_personal_text_in_plain(self, person):
        holding = tables_with(*TOLD)

        assert "users_membership" in holding, "the search finds what is there"
        assert {table for table in holding if table.startswith("events_")} == set()
        said = str([one.plain_payload() for one in events_of(person)])
        assert all(text in said for text in (NAME, EMAIL, ADDRESS)), "to whoever may read them they say it all"


class TestErasing:
    def test_leaves_nothing_of_them_in_any_table(self, person):
        in_kafka = [encode(envelope) for envelope in events_of(person)]

        erase(person)

        assert tables_with(*TOLD) <= SECURITY_LOG
        for message in in_kafka:
            said = str(decode(message).plain_payload()) + str(decode(message).origin())
            assert not any(text in said for text in TOLD)
        with tenant(queries.tenant_ids_of(person)[0]):
            assert queries.membership(person).name == ERASED

    def test_lets_what_others_did_as_it_was(self, person):
        with tenant(queries.tenant_ids_of(person)[0]):
            other = commands.invite_member(
                email="rowan@other.example", name="Rowan", roles=["clerk"], actor=SYSTEM, now=timezone.now()
            ).membership
        before = tables_with("rowan")

        erase(person)

        assert tables_with("rowan") == before
        with tenant(other.tenant_id):
            assert stream(other.id, using="default")[0].event().name == "Rowan"

    def test_is_told_once_however_often_it_is_done(self, person, published):
        erase(person)
        erase(person)
        tasks.erase_again()

        told = [envelope for envelope in published.envelopes() if envelope.event_type == "PersonErased"]
        assert [(one.metadata.tenant_id, one.event().user_id) for one in told] == [(PLATFORM, person)]

    def test_lets_the_log_be_handled_again(self, drain, person):
        erase(person)

        assert drain() > 5

    def test_cannot_be_undone_and_needs_a_deletion_first(self, person):
        stays = UserFactory()
        with pytest.raises(PersonNotDeleted):
            erase(stays.id)
        erase(person)

        with pytest.raises(PersonIsErased):
            commands.restore_user(user_id=person)
        assert stays.id not in set(tombstones.buried())

    def test_takes_two_of_the_staff(self, person):
        asker, approver = [
            Actor("user", one.id, one.name)
            for one in UserFactory.create_batch(
                2, is_platform_staff=True, name="Staff", email_verified_at=timezone.now()
            )
        ]
        said = io.StringIO()
        address = queries.user(asker.id).email
        call_command("erase_person", EMAIL, "--as", address, stdout=said)
        request_id = said.getvalue().split()[-1]
        assert EMAIL in {User.with_deleted.get(id=person).email}

        with tenant(PLATFORM):
            approvals.approve(approval_id=UUID(request_id), actor=approver, now=timezone.now())
            approvals.carry_out(approval_id=UUID(request_id), now=timezone.now())

        assert tables_with(*TOLD) <= SECURITY_LOG

    @pytest.mark.parametrize("arguments", [[], [EMAIL], [str(uuid7()), "--as", "nobody@x.example"]])
    def test_by_command_says_what_is_missing(self, person, arguments):
        with pytest.raises(CommandError):
            call_command("erase_person", *arguments)


class Crash(Exception):
    """A process that dies, as far as its transactions can tell."""


STEPS = {
    "destroy_keys": "apps.core.tenantdata.forgetting",
    "_forget_as_actor": "apps.core.tenantdata.forgetting",
    "forget_person": "apps.iam.users.commands.erase_person",
    "_tell": "apps.iam.users.commands.erase_person",
}


class TestCrash:
    @pytest.mark.parametrize("point", ["before", "after"])
    @pytest.mark.parametrize("step", STEPS)
    def test_anywhere_is_carried_on_by_the_clock(self, person, monkeypatch, step, point):
        module, name = import_module(STEPS[step]), step
        real = getattr(module, name)

        def dying(*args, **kwargs):
            if point == "after":
                real(*args, **kwargs)
            raise Crash

        with monkeypatch.context() as patched:
            patched.setattr(module, name, dying)
            with pytest.raises(Crash):
                erase(person)
        forget_keys()

        tasks.erase_again()

        assert tables_with(*TOLD) <= SECURITY_LOG

    def test_where_it_cannot_be_noted_nothing_has_happened(self, person, settings, tmp_path):
        (tmp_path / "file").touch()
        settings.DESTROYED_KEYS_DIR = str(tmp_path / "file" / "folder")

        with pytest.raises(OSError):
            erase(person)

        assert NAME in str([one.plain_payload() for one in events_of(person)])


class TestRestoring:
    def test_an_old_backup_brings_nothing_of_them_back(self, person):
        before = backup()
        envelopes = events_of(person)
        erase(person)

        restore(before)
        forget_keys()  # processes start anew

        said = str([(one.plain_payload(), one.origin()) for one in [*envelopes, *events_of(person)]])
        assert not any(text in said for text in TOLD)
        assert "users_user" in tables_with(EMAIL), "the backup is a real one"
        call_command("erase_person", "--again", stdout=io.StringIO())
        assert tables_with(*TOLD) <= SECURITY_LOG

    def test_is_no_way_back_even_without_the_note_once_the_key_was_replaced(self, person, settings, tmp_path):
        before = backup()
        erase(person)
        settings.KEY_ENCRYPTION_KEYS = ["another key that wraps from now on, and then alone"]

        restore(before)
        settings.DESTROYED_KEYS_DIR = str(tmp_path)
        forget_keys()

        for envelope in events_of(person):
            with pytest.raises(Exception, match="KEY_ENCRYPTION_KEYS has no key named"):
                envelope.plain_payload()
