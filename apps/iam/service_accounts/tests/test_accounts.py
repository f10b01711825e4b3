"""Service accounts: what commands do with them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM
from apps.core.history.changes import ChangeFilter
from apps.core.tenancy import tenant
from apps.iam.oidc.clients.errors import ClientExists
from apps.iam.roles.errors import BeyondOwnPermissions, UnknownRole
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.errors import InvalidServiceAccount, ServiceAccountIsDeleted, ServiceAccountNotFound
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def create(company, by_owner):
    def call(name="Nightly import", roles=("clerk",), actor=by_owner, **facts):
        return commands.create_service_account(name=name, roles=roles, actor=actor, now=timezone.now(), **facts)

    return call


class TestCreate:
    def test_makes_one_with_roles_and_without_any_way_in(self, create, owner):
        made = create(description="Reads  stock", owner_id=owner.user_id, contact="#warehouse")

        assert (made.name, made.description, made.owner_id, made.state) == (
            "Nightly import",
            "Reads stock",
            owner.user_id,
            "active",
        )
        assert (made.role_codes, made.has_client, made.live_keys) == (["clerk"], False, 0)

    def test_tells_the_security_log_once(self, create, told):
        made = create()

        (event,) = told("service_account.created")
        assert (event.subject_id, event.details) == (made.id, {"name": "Nightly import", "roles": "clerk"})

    def test_may_hold_no_role_yet(self, create):
        assert create(roles=()).role_codes == []

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"description": "x" * 501}, "description"),
            ({"contact": "x" * 255}, "contact"),
            ({"owner_id": uuid7()}, "owner_id"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, create, facts, field):
        with pytest.raises(InvalidServiceAccount) as refusal:
            create(**facts)

        assert list(refusal.value.errors) == [field]

    def test_gives_no_role_that_there_is_not(self, create):
        with pytest.raises(UnknownRole):
            create(roles=["emperor"])

        assert not queries.service_accounts().exists()

    def test_gives_nobody_more_than_the_maker_holds(self, create, member, actor_of):
        with pytest.raises(BeyondOwnPermissions):
            create(roles=["owner"], actor=actor_of(member("manager")))

        assert not queries.service_accounts().exists()


class TestUpdate:
    def test_changes_what_is_said_and_leaves_the_rest(self, create, by_owner, told):
        made = create(description="old", contact="#ops")

        changed = commands.update_service_account(account_id=made.id, actor=by_owner, description="new")

        assert (changed.description, changed.contact, changed.version) == ("new", "#ops", made.version + 1)
        assert told("service_account.changed")[0].details["changed"] == "description"

    def test_repeated_tells_nothing(self, create, by_owner, told):
        made = create()

        for _ in range(2):
            commands.update_service_account(account_id=made.id, actor=by_owner, enabled=False)

        assert queries.service_account(made.id).state == "disabled"
        assert len(told("service_account.changed")) == 1

    def test_is_made_on_the_version_that_was_read(self, create, by_owner):
        made = create()

        with pytest.raises(PreconditionFailed):
            commands.update_service_account(account_id=made.id, actor=by_owner, name="x", expected_version=99)

    def test_of_a_mightier_one_is_refused(self, create, member, actor_of):
        made = create(roles=["owner"])

        with pytest.raises(BeyondOwnPermissions):
            commands.update_service_account(account_id=made.id, actor=actor_of(member("manager")), enabled=False)

    def test_of_one_that_is_deleted_is_refused(self, create, by_owner):
        made = create()
        commands.delete_service_account(account_id=made.id, actor=by_owner, now=timezone.now())

        with pytest.raises(ServiceAccountIsDeleted):
            commands.update_service_account(account_id=made.id, actor=by_owner, name="x")


class TestRoles:
    def test_are_exactly_those_from_then_on(self, create, by_owner):
        made = create()

        changed = commands.change_roles(
            account_id=made.id, roles_held=["viewer", "manager"], actor=by_owner, now=timezone.now()
        )

        assert changed.role_codes == ["manager", "viewer"]
        assert changed.version > made.version

    def test_repeated_change_nothing(self, create, by_owner, told):
        made = create()

        commands.change_roles(account_id=made.id, roles_held=["clerk"], actor=by_owner, now=timezone.now())

        assert queries.service_account(made.id).version == made.version
        assert told("service_account.changed") == []

    def test_are_no_more_than_the_giver_holds(self, create, member, actor_of):
        made = create()

        with pytest.raises(BeyondOwnPermissions):
            commands.change_roles(
                account_id=made.id, roles_held=["owner"], actor=actor_of(member("manager")), now=timezone.now()
            )


class TestDeletion:
    def test_takes_the_roles_and_restoring_gives_them_back(self, create, by_owner, told):
        made = create(roles=["clerk", "viewer"])

        for _ in range(2):
            gone = commands.delete_service_account(account_id=made.id, actor=by_owner, now=timezone.now())
        for _ in range(2):
            back = commands.restore_service_account(account_id=made.id, actor=by_owner, now=timezone.now())

        assert (gone.state, gone.role_codes) == ("deleted", [])
        assert (back.state, back.role_codes) == ("active", ["clerk", "viewer"])
        assert len(told("service_account.deleted")) == len(told("service_account.changed")) == 1

    def test_of_a_mightier_one_is_refused_and_so_is_its_return(self, create, by_owner, member, actor_of):
        made, manager = create(roles=["owner"]), actor_of(member("manager"))

        with pytest.raises(BeyondOwnPermissions):
            commands.delete_service_account(account_id=made.id, actor=manager, now=timezone.now())
        commands.delete_service_account(account_id=made.id, actor=by_owner, now=timezone.now())
        with pytest.raises(BeyondOwnPermissions):
            commands.restore_service_account(account_id=made.id, actor=manager, now=timezone.now())

        assert queries.service_account(made.id).state == "deleted"


class TestClient:
    def test_has_the_accounts_id_and_a_secret_that_is_shown_once(self, create, by_owner):
        made = create()

        client_id, secret = commands.issue_client(account_id=made.id, actor=by_owner, now=timezone.now())

        assert client_id == str(made.id)
        assert len(secret) >= 43
        assert queries.service_account(made.id).has_client

    def test_is_given_once(self, create, by_owner):
        made = create()
        commands.issue_client(account_id=made.id, actor=by_owner, now=timezone.now())

        with pytest.raises(ClientExists):
            commands.issue_client(account_id=made.id, actor=by_owner, now=timezone.now())

    def test_is_given_by_nobody_who_may_do_less(self, create, member, actor_of):
        made = create(roles=["owner"])

        with pytest.raises(BeyondOwnPermissions):
            commands.issue_client(account_id=made.id, actor=actor_of(member("manager")), now=timezone.now())


class TestOtherCompany:
    def test_finds_nothing(self, company, other_company):
        with tenant(other_company.id):
            stranger = ServiceAccountFactory()
        calls = [
            lambda: queries.service_account(stranger.id),
            lambda: commands.update_service_account(account_id=stranger.id, actor=SYSTEM, name="x"),
            lambda: commands.change_roles(account_id=stranger.id, roles_held=[], actor=SYSTEM, now=timezone.now()),
            lambda: commands.delete_service_account(account_id=stranger.id, actor=SYSTEM, now=timezone.now()),
            lambda: commands.restore_service_account(account_id=stranger.id, actor=SYSTEM, now=timezone.now()),
            lambda: commands.issue_client(account_id=stranger.id, actor=SYSTEM, now=timezone.now()),
            lambda: commands.create_key(holder_id=stranger.id, name="k", actor=SYSTEM, now=timezone.now()),
        ]

        for call in calls:
            with pytest.raises(ServiceAccountNotFound):
                call()
        assert not queries.service_accounts().exists()


def test_list_costs_one_statement(company, django_assert_num_queries):
    for _ in range(3):
        ServiceAccountFactory()

    with django_assert_num_queries(1):
        found = list(queries.service_accounts())

    assert [account.role_codes for account in found] == [["clerk"]] * 3


def test_history_tells_of_the_account_its_roles_and_its_keys_but_no_digest(create, by_owner):
    made = create()
    issued = commands.create_key(holder_id=made.id, name="server 1", actor=by_owner, now=timezone.now())

    changes = queries.changes_of_account(made.id, limit=20)

    assert {change.entity for change in changes} == {"ServiceAccount", "RoleAssignment", "ApiKey"}
    assert issued.row.digest not in str(changes)
    assert queries.changes(ChangeFilter(), limit=20)
