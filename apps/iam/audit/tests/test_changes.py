"""Who changed what, in one list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.errors import Invalid
from apps.core.history import SYSTEM, Actor, acting
from apps.core.history.changes import ChangeFilter
from apps.core.tenancy import tenant
from apps.iam.audit import queries
from apps.iam.audit.filters import page_of_changes, wanted
from apps.iam.roles.tests.factories import RoleAssignmentFactory
from apps.iam.users import commands
from apps.iam.users.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(member, by_owner):
    """Ada is invited, becomes a manager, is removed and comes back, all by the owner."""
    with acting(SYSTEM, trace_id="a" * 32):
        ada = commands.invite_member(
            email="ada@mail.example", name="Ada", roles=["clerk"], actor=by_owner, now=timezone.now()
        ).membership
        commands.change_roles(user_id=ada.user_id, roles_held=["manager"], actor=by_owner, now=timezone.now())
        commands.update_member(user_id=ada.user_id, name="Ada King", actor=by_owner)
        commands.delete_member(user_id=ada.user_id, actor=by_owner, now=timezone.now())
        commands.restore_member(user_id=ada.user_id, actor=by_owner, now=timezone.now())
    return ada


def _copy_history(model):
    """Every entry once more, at the very same moment."""
    history = model.pgh_event_model._meta
    columns = ", ".join(f.column for f in history.concrete_fields if f.column != "pgh_id")
    with connection.cursor() as cursor:
        cursor.execute(f"insert into {history.db_table} ({columns}) select {columns} from {history.db_table}")


def told(**wishes):
    changes = queries.changes(ChangeFilter(**wishes), limit=50)
    return [(change.action, change.entity_label) for change in changes if change.actor_kind == "user"]


class TestChanges:
    def test_tell_the_whole_story_newest_first(self, story):
        assert told() == [
            ("restored", "manager for Ada King"),
            ("restored", "Ada King"),
            ("deleted", "manager for Ada King"),
            ("deleted", "Ada King"),
            ("updated", "Ada King"),
            ("created", "manager for Ada King"),
            ("deleted", "clerk for Ada King"),
            ("created", "clerk for Ada King"),
            ("created", "Ada King"),
        ]

    def test_say_who_in_which_trace_and_what_differs(self, story, by_owner):
        (change,) = queries.changes(ChangeFilter(entities=("Membership",), action="updated"), limit=50)

        assert (change.entity, change.entity_id) == ("Membership", story.user_id)
        assert (change.actor_kind, change.actor_id, change.actor_name) == ("user", str(by_owner.id), "Olive Hart")
        assert change.trace_id == "a" * 32
        assert (change.before, change.after) == ({"name": "Ada"}, {"name": "Ada King"})

    @pytest.mark.parametrize(
        ("wishes", "count"),
        [
            ({"entities": ("Membership",)}, 4),
            ({"entities": ("RoleAssignment",), "action": "deleted"}, 2),
            ({"action": "created"}, 3),
            ({"action": "updated"}, 1),
            ({"action": "restored"}, 2),
            ({"search": "olive"}, 9),
            ({"search": "nobody"}, 0),
            ({"since": timezone.now() + timedelta(days=1)}, 0),
            ({"until": timezone.now() - timedelta(days=1)}, 0),
            ({"since": timezone.now() - timedelta(days=1), "until": timezone.now() + timedelta(days=1)}, 9),
        ],
    )
    def test_can_be_narrowed(self, story, wishes, count):
        assert len(told(**wishes)) == count

    def test_are_found_by_the_id_of_the_actor_or_of_the_row(self, story, by_owner):
        assert len(told(search=str(by_owner.id))) == 9
        assert told(search=str(story.id)) == told(entities=("Membership",))

    def test_by_the_platform_are_found_by_its_name(self, story, owner):
        assert {change.actor_kind for change in queries.changes(ChangeFilter(search="system"), limit=50)} == {"system"}

    def test_name_both_who_act_and_are_found_by_either(self, owner, member):
        mia = member(name="Mia")
        olive = Actor(
            kind="user",
            id=mia.user_id,
            name="Mia",
            impersonator_id=owner.user_id,
            impersonator_name=owner.name,
        )
        commands.update_member(user_id=member(name="Ada").user_id, name="Ada King", actor=olive)

        for search in ("mia", "olive", str(owner.user_id)):
            (change,) = queries.changes(ChangeFilter(action="updated", search=search), limit=50)
            assert (change.actor_name, change.impersonator_name) == ("Mia", "Olive Hart")
            assert change.impersonator_id == str(owner.user_id)

    def test_stay_in_the_company(self, story, other_company):
        with tenant(other_company.id):
            assert queries.changes(ChangeFilter(), limit=50) == []

    def test_hold_no_password(self, story):
        for change in queries.changes(ChangeFilter(), limit=50):
            assert not {"password", "email"} & {*change.before, *change.after}


class TestPages:
    def test_neither_overlap_nor_skip(self, story):
        everything = queries.changes(ChangeFilter(), limit=50)
        seen, cursor = [], ""
        while cursor is not None:
            page, cursor, _ = page_of_changes({"limit": "2", "cursor": cursor})
            seen += page

        assert seen == everything

    def test_keep_apart_what_happened_at_the_same_moment(self, story):
        for made in (MembershipFactory, RoleAssignmentFactory):
            _copy_history(made._meta.model)
        everything = queries.changes(ChangeFilter(), limit=50)
        seen, cursor = [], ""
        while cursor is not None:
            page, cursor, _ = page_of_changes({"limit": "1", "cursor": cursor})
            seen += [(change.entity, change.id) for change in page]

        assert seen == [(change.entity, change.id) for change in everything]

    def test_end_without_a_cursor(self, story):
        total = len(queries.changes(ChangeFilter(), limit=50))

        assert page_of_changes({"limit": str(total)})[1] is None
        assert page_of_changes({"limit": str(total - 1)})[1] is not None


class TestWanted:
    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"from": "yesterday"}, "from"),
            ({"to": "9999-12-31"}, "to"),
            ({"entity": "Password"}, "entity"),
            ({"action": "burned"}, "action"),
            ({"cursor": "!"}, "cursor"),
            ({"limit": "0"}, "limit"),
            ({"limit": "201"}, "limit"),
            ({"q": "x" * 201}, "q"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, parameters, field):
        with pytest.raises(Invalid) as refusal:
            wanted(parameters)

        assert list(refusal.value.errors) == [field]

    def test_takes_the_last_day_whole(self):
        where, _ = wanted({"from": "2026-11-01", "to": "2026-11-23"})

        assert where.until - where.since == timedelta(days=23)


class TestSources:
    def test_are_asked_only_for_what_they_know(self, story, settings):
        settings.CHANGE_SOURCES = {
            "apps.iam.roles.queries.changes": ["Role", "RoleAssignment"],
            "nowhere.at.all": ["X"],
        }

        assert len(told(entities=("RoleAssignment",))) == 5
        assert queries.entities() == ["Role", "RoleAssignment", "X"]


def test_changes_of_one_member_are_theirs_alone(story, owner):
    from apps.iam.users.queries import changes_of_member, member

    changes = changes_of_member(member(story.user_id), limit=20)

    assert len(changes) == 9
    assert SYSTEM.name not in {change.actor_name for change in changes}
