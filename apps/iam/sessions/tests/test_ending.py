"""However a session ends, no token of it is good any more, and it is told once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.errors import Unauthenticated
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.audit import commands as audit
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.kinds import Kind
from apps.iam.roles.errors import BeyondOwnPermissions
from apps.iam.sessions import commands, queries
from apps.iam.sessions.errors import SessionNotFound
from apps.iam.sessions.events import EndReason, SessionEnded
from apps.iam.sessions.models import Session
from apps.iam.sessions.tests.conftest import principal_of
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db


def is_over(session) -> bool:
    with pytest.raises(Unauthenticated) as refusal:
        principal_of(session)
    return refusal.value.code in ("session_over", "access_revoked")


def reason_of(session) -> str:
    session.refresh_from_db()
    return session.end_reason


class TestPrincipal:
    def test_is_known_while_the_session_lives(self, member, session_of):
        session = session_of(member("clerk"))

        assert principal_of(session).session_id == str(session.id)

    def test_is_refused_once_it_has_ended(self, member, session_of, now):
        session = session_of(member())
        commands.end_session(session_id=session.id, reason=EndReason.REVOKED, now=now)

        assert is_over(session)

    def test_is_refused_when_its_time_has_passed(self, member, session_of, now):
        assert is_over(session_of(member(), expires_at=now))

    def test_is_refused_in_a_session_that_nobody_knows_or_that_is_somebody_elses(self, member, session_of):
        mine, theirs = session_of(member()), session_of(member())

        for sid in (str(uuid4()), str(theirs.id), "", "no-uuid"):
            with pytest.raises(Unauthenticated):
                principal_of(mine, sid=sid)

    def test_is_seen_once_in_a_while(self, member, session_of, now):
        session = session_of(member(), last_seen_at=now - timedelta(minutes=5))
        version = session.version

        principal_of(session)
        session.refresh_from_db()
        first = session.last_seen_at
        principal_of(session)
        session.refresh_from_db()

        assert first > now - timedelta(minutes=1)
        assert (session.last_seen_at, session.version) == (first, version)


class TestEndSession:
    def test_is_told_once_however_often_it_is_called(self, company, member, session_of, published, told, now):
        session = session_of(member())

        ended = [
            commands.end_session(session_id=session.id, reason=EndReason.SIGNED_OUT, now=now),
            commands.end_session(session_id=session.id, reason=EndReason.REVOKED, now=now),
        ]

        assert ended == [True, False]
        assert told() == [("sign_out", "signed_out")]
        assert [event for event in published if isinstance(event, SessionEnded)] == [
            SessionEnded(session_id=session.id, user_id=session.user_id, kind="sign_in", reason="signed_out")
        ]
        assert {envelope.metadata.tenant_id for envelope in published.envelopes()} == {company.id}

    def test_names_the_person_who_signed_out(self, member, session_of, published, now):
        session = session_of(member(name="Ada King"))

        commands.end_session(session_id=session.id, reason=EndReason.SIGNED_OUT, now=now)

        [event] = [event for event in published if isinstance(event, SecurityEventRecorded)]
        assert (event.subject_id, event.actor_id, event.session_id) == (
            session.user_id,
            session.user_id,
            str(session.id),
        )

    def test_of_a_session_that_nobody_knows_does_nothing(self, db, published, now):
        assert not commands.end_session(session_id=uuid4(), reason=EndReason.REVOKED, now=now)
        assert published == []

    def test_is_told_on_the_platform_where_there_was_no_tenant(self, member, session_of, published, now):
        session = session_of(member())
        Session.objects.filter(id=session.id).update(tenant_id=None)

        commands.end_session(session_id=session.id, reason=EndReason.SIGNED_OUT, now=now)

        assert {envelope.metadata.tenant_id.int for envelope in published.envelopes()} == {0}


class TestRevokingOwn:
    def test_ends_one(self, member, session_of, told, actor_of, now):
        ada = member()
        here, there = session_of(ada), session_of(ada)

        commands.revoke_own(session_id=there.id, user_id=ada.user_id, actor=actor_of(ada), now=now)

        assert is_over(there)
        assert principal_of(here)
        assert told() == [("session.revoked", "revoked")]

    def test_finds_no_session_of_somebody_else(self, member, session_of, actor_of, now):
        ada, session = member(), session_of(member())

        with pytest.raises(SessionNotFound):
            commands.revoke_own(session_id=session.id, user_id=ada.user_id, actor=actor_of(ada), now=now)
        assert principal_of(session)

    def test_ends_all_others_and_can_be_repeated(self, member, session_of, told, actor_of, now):
        ada = member()
        here, *others = (session_of(ada) for _ in range(3))

        ended = [
            commands.revoke_others(user_id=ada.user_id, keep=here.id, actor=actor_of(ada), now=now) for _ in range(2)
        ]

        assert ended == [2, 0]
        assert principal_of(here)
        assert all(is_over(session) for session in others)
        assert told() == [("session.revoked", "revoked")] * 2


class TestRevokingInTenant:
    def test_ends_what_was_used_here_and_nothing_else(self, member, session_of, other_company, by_owner, now):
        ada = member()
        with tenant(other_company.id):
            member(user=ada.user)
        here, elsewhere = session_of(ada), session_of(ada)
        Session.objects.filter(id=elsewhere.id).update(tenant_id=other_company.id, tenant_ids=[other_company.id])

        assert commands.revoke_in_tenant(user_id=ada.user_id, actor=by_owner, now=now) == 1
        assert (reason_of(here), reason_of(elsewhere)) == ("revoked", "")
        with pytest.raises(SessionNotFound):
            commands.revoke_in_tenant(user_id=ada.user_id, session_id=elsewhere.id, actor=by_owner, now=now)

    def test_is_refused_to_who_may_do_less_than_the_person(self, owner, member, session_of, actor_of, now):
        session = session_of(owner)

        with pytest.raises(BeyondOwnPermissions):
            commands.revoke_in_tenant(user_id=owner.user_id, actor=actor_of(member("manager")), now=now)
        assert principal_of(session)


class TestPeople:
    def test_who_are_suspended_have_no_session(self, member, session_of, told):
        ada = member()
        session = session_of(ada)

        users.suspend_user(user_id=ada.user_id)
        users.suspend_user(user_id=ada.user_id)

        assert reason_of(session) == "suspended"
        assert told() == [("session.revoked", "suspended")]

    def test_who_are_deleted_have_no_session(self, member, session_of, told, now):
        ada = member()
        session = session_of(ada)

        users.delete_user(user_id=ada.user_id, actor=SYSTEM, now=now)

        assert reason_of(session) == "deleted"
        assert told() == [("session.revoked", "deleted")]


class TestMembers:
    def test_who_are_removed_are_signed_out_here(self, owner, member, session_of, other_company, by_owner, drain, now):
        ada = member()
        here, elsewhere = session_of(ada), session_of(ada)
        Session.objects.filter(id=elsewhere.id).update(tenant_id=other_company.id)

        users.delete_member(user_id=ada.user_id, actor=by_owner, now=now)
        drain()

        assert (reason_of(here), reason_of(elsewhere)) == ("deleted", "")

    def test_who_are_suspended_are_signed_out_and_who_are_renamed_are_not(self, member, session_of, by_owner, drain):
        ada, ben = member(), member()
        of_ada, of_ben = session_of(ada), session_of(ben)

        users.update_member(user_id=ada.user_id, suspended=True, actor=by_owner)
        users.update_member(user_id=ben.user_id, name="Ben", actor=by_owner)
        drain()

        assert (reason_of(of_ada), reason_of(of_ben)) == ("suspended", "")


class TestAnotherPassword:
    def test_ends_all_sessions_but_the_one_it_was_changed_in(self, member, session_of, drain, told):
        ada = member()
        here, there = session_of(ada), session_of(ada)

        audit.record_security_event(Kind.PASSWORD_CHANGED, subject_id=ada.user_id, session_id=str(here.id))
        drain()

        assert (reason_of(here), reason_of(there)) == ("", "password_changed")
        assert told()[1:] == [("session.revoked", "password_changed")]

    def test_that_was_reset_ends_every_session(self, member, session_of, drain):
        ada = member()
        session = session_of(ada)

        audit.record_security_event(Kind.PASSWORD_RESET, subject_id=ada.user_id, session_id=str(session.id))
        drain()

        assert reason_of(session) == "password_changed"

    def test_that_was_refused_ends_nothing(self, member, session_of, drain):
        session = session_of(member())

        audit.record_security_event(Kind.PASSWORD_CHANGED, subject_id=session.user_id, outcome="failure")
        drain()

        assert reason_of(session) == ""


class TestExpiry:
    def test_is_ended_by_the_clock_and_is_nobodys_deed(self, member, session_of, published, told, now):
        over, live = session_of(member(), expires_at=now), session_of(member())

        assert [commands.end_expired(now=now), commands.end_expired(now=now)] == [1, 0]
        assert (reason_of(over), reason_of(live)) == ("expired", "")
        assert told() == []
        assert [event.reason for event in published] == ["expired"]

    def test_is_forgotten_after_a_while(self, member, session_of, settings, now):
        settings.SESSION_KEEP_DAYS = 90
        old, recent = session_of(member()), session_of(member())
        for session, days in ((old, 91), (recent, 89)):
            commands.end_session(session_id=session.id, reason=EndReason.REVOKED, now=now - timedelta(days=days))

        commands.forget_old(now=now)

        assert list(Session.objects.values_list("id", flat=True)) == [recent.id]


class TestList:
    def test_shows_what_lives_the_latest_first(self, member, session_of, now):
        ada = member()
        early, late = (session_of(ada, last_seen_at=now - timedelta(minutes=ago)) for ago in (9, 1))
        session_of(ada, expires_at=now)
        session_of(member())

        assert list(queries.sessions_of(ada.user_id, now=timezone.now())) == [late, early]
