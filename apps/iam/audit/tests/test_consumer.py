"""From the event log to the chain: every event that matters, once, in order, with who did it and from where."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.events import Event
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.history import Actor, Origin, acting, coming_from
from apps.core.tenancy import PLATFORM, no_tenant, tenant
from apps.iam.audit import verification
from apps.iam.audit.handlers import GROUP
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.audit.models import SecurityChain, SecurityRecord
from apps.iam.audit.relevance import relevant_events, security_relevant
from apps.iam.facade import iam
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users

ADA = Actor(kind="user", id=uuid7(), name="Ada King", impersonator_id=uuid7(), impersonator_name="Sam Smith")
HOME = Origin("192.0.2.1", "curl/8", "the-session")


def recorded():
    return list(SecurityRecord.objects.in_tenant().order_by("sequence"))


@pytest.mark.django_db
class TestWhatIsToldOnPurpose:
    def test_is_recorded_with_both_actors_and_where_they_were(self, company, drain):
        subject = uuid7()
        with acting(ADA, trace_id="a" * 32), coming_from(HOME):
            iam.record_security_event(
                Kind.ACCESS_DENIED,
                subject_id=subject,
                outcome=Outcome.DENIED,
                reason="no role",
                details={"permission": "orders.view"},
            )

        drain()

        (record,) = recorded()
        assert (record.kind, record.outcome, record.subject_id) == ("access.denied", "denied", subject)
        assert (record.actor_id, record.actor_name) == (ADA.id, "Ada King")
        assert (record.impersonator_id, record.impersonator_name) == (ADA.impersonator_id, "Sam Smith")
        assert (record.address, record.user_agent, record.session_id) == ("192.0.2.1", "curl/8", "the-session")
        assert (record.reason, record.details) == ("no role", {"permission": "orders.view"})

    def test_is_recorded_as_of_when_it_happened(self, company, drain):
        earlier = timezone.now() - timedelta(hours=1)
        iam.record_security_event(Kind.SIGNED_OUT, subject_id=uuid7(), occurred_at=earlier)

        drain()

        (record,) = recorded()
        assert record.at == earlier
        assert record.recorded_at > earlier

    def test_is_recorded_once_when_it_is_told_twice(self, company, drain):
        once = uuid7()
        for _ in range(2):
            iam.record_security_event(Kind.SIGNED_OUT, subject_id=uuid7(), once=once)

        drain()

        assert len(recorded()) == 1

    def test_is_the_platforms_where_no_tenant_is_entered(self, company, drain):
        with no_tenant():
            iam.record_security_event(Kind.SIGN_IN_FAILED, subject_id=uuid7(), outcome=Outcome.FAILURE)

        drain()

        assert recorded() == []
        with tenant(PLATFORM):
            assert [record.sequence for record in recorded()] == [1]

    def test_keeps_what_strangers_send_storable(self, company, drain):
        iam.record_security_event(Kind.SIGN_IN_FAILED, subject_id=uuid7(), reason="a\x00b\ud800", details={"x": "\x00"})

        drain()

        assert (recorded()[0].reason, recorded()[0].details) == ("ab?", {"x": ""})


@pytest.mark.django_db
class TestDomainEvents:
    def test_of_members_are_recorded_with_who_did_it_and_from_where(self, company, by_owner, drain):
        with coming_from(HOME):
            ada = users.invite_member(
                email="ada@mail.example", name="Ada", roles=["clerk"], actor=by_owner, now=timezone.now()
            ).membership
            users.change_roles(user_id=ada.user_id, roles_held=["manager"], actor=by_owner, now=timezone.now())
            users.update_member(user_id=ada.user_id, suspended=True, actor=by_owner)
            users.delete_member(user_id=ada.user_id, actor=by_owner, now=timezone.now())
            users.restore_member(user_id=ada.user_id, actor=by_owner, now=timezone.now())

        drain()

        told = [(record.kind, record.details) for record in recorded() if record.subject_id == ada.user_id]
        assert told == [
            ("member.changed", {"change": "invited", "email": "ada@mail.example", "name": "Ada", "roles": "clerk"}),
            ("roles.assigned", {"roles": "manager"}),
            ("member.changed", {"change": "updated", "name": "Ada", "status": "suspended"}),
            ("member.changed", {"change": "deleted"}),
            ("member.changed", {"change": "restored", "roles": "manager"}),
        ]
        last = recorded()[-1]
        assert (last.actor_kind, last.actor_id, last.actor_name) == ("user", by_owner.id, by_owner.name)
        assert (last.address, last.session_id) == ("192.0.2.1", "the-session")

    def test_of_tenants_are_recorded_in_the_tenants_own_chain(self, db, drain):
        acme = tenants.create_tenant(slug="acme", name="Acme", default_currency="GBP")
        tenants.suspend_tenant(tenant_id=acme.id)

        drain()

        with tenant(acme.id):
            assert [record.details["change"] for record in recorded()] == ["created", "suspended"]

    def test_name_both_actors(self, company, member, by_owner, drain):
        bob, sam = member("clerk"), {"impersonator_id": uuid7(), "impersonator_name": "Sam Smith"}
        users.update_member(user_id=bob.user_id, name="Bob", actor=replace(by_owner, **sam))

        drain()

        assert recorded()[-1].impersonator_name == "Sam Smith"

    def test_need_the_fields_that_they_are_registered_with(self):
        class Nothing(Event):
            pass

        with pytest.raises(TypeError, match="whom"):
            security_relevant(Kind.SIGNED_IN, subject="whom")(Nothing)

    def test_are_each_heard_by_the_consumer(self):
        from apps.core.events.subscriptions import group_named

        heard = set(group_named(GROUP).subscriptions)

        assert heard == {cls.__name__ for cls in relevant_events()} | {"SecurityEventRecorded"}


@pytest.mark.django_db(transaction=True)
class TestTheWholeWay:
    def test_keeps_order_and_records_once_however_often_it_is_read(self, company):
        for number in range(20):
            iam.record_security_event(Kind.SIGNED_IN, subject_id=uuid7(), reason=str(number))
        run_relay_once("default")
        consume_available(GROUP)
        with connections["default"].cursor() as cursor:
            cursor.execute("select reason from audit_security_record order by sequence")
            before = cursor.fetchall()

        _forget_offset()
        consume_available(GROUP)

        with tenant(company.id):
            assert [record.reason for record in recorded()] == [str(number) for number in range(20)]
            assert verification.verify().intact
        assert len(before) == 20

    def test_leaves_no_gap_and_no_fork_with_many_writers(self, company, happened):
        def write():
            try:
                for _ in range(10):
                    happened()
            finally:
                connections.close_all()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with tenant(company.id):
            assert [record.sequence for record in recorded()] == list(range(1, 41))
            assert verification.verify().intact
            assert SecurityChain.objects.get().sequence == 40


def _forget_offset() -> None:
    from apps.core.events.database import connect

    with connect("default", "a test") as connection:
        connection.execute('update events_consumer_offset set position = 0 where "group" = %s', [GROUP])
