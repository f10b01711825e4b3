"""The console's pages about directories, and the connections behind them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.roles import queries as roles
from apps.iam.roles.errors import BeyondOwnPermissions
from apps.iam.scim import commands, queries
from apps.iam.scim.errors import ConnectionNotFound
from apps.iam.scim.tests.conftest import Directory
from apps.iam.service_accounts import queries as accounts
from apps.iam.users import queries as users

LIST = "/settings/directories/"
WISH = {"kind": "okta", "name": "Okta", "default_role": "clerk", "sends_invitations": "on"}


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


@pytest.fixture
def connected(company, by_owner):
    """A connection, and the directory that calls by it."""
    facts = {"kind": "entra", "name": "Entra", "default_role": "viewer", "sends_invitations": False}
    connection, issued = commands.connect(**facts, actor=by_owner, now=timezone.now())
    return connection, Directory(connection.account_id, issued.secret)


class TestConnecting:
    def test_gives_a_base_url_and_a_token_that_works_at_once(self, browser):
        shown = browser.post(f"{LIST}new", WISH)

        base_url, token = (secret for _, secret in shown.context["secrets"])
        assert base_url.endswith("/scim/v2")
        made = Directory(None, token).hire("ada@mail.example")
        assert users.member(made["id"]).role_codes == ["clerk"]

    def test_makes_an_account_that_may_provision_and_nothing_else_of_the_kind(self, browser):
        browser.post(f"{LIST}new", WISH)

        account = accounts.service_account(queries.connections()[0].account_id)
        assert sorted(account.role_codes) == ["clerk", "directory"]
        assert roles.permissions_of(account.id, kind="service") >= {"iam.scim.provision"}
        assert "users.manage" not in roles.permissions_of(account.id, kind="service")

    def test_says_what_is_missing(self, browser):
        shown = browser.post(f"{LIST}new", {**WISH, "name": "", "default_role": "owner"})

        assert shown.status_code == 422
        assert set(shown.context["form"].errors) == {"name", "default_role"}
        assert queries.connections() == []

    def test_is_beyond_whoever_holds_less(self, company, member, actor_of):
        manager = actor_of(member("manager"))

        with pytest.raises(BeyondOwnPermissions):
            commands.connect(
                kind="okta",
                name="Okta",
                default_role="viewer",
                sends_invitations=True,
                actor=manager,
                now=timezone.now(),
            )

        assert queries.connections() == []

    def test_twice_shares_the_role(self, browser):
        browser.post(f"{LIST}new", WISH)
        browser.post(f"{LIST}new", {**WISH, "name": "Entra", "kind": "entra"})

        assert len(queries.connections()) == 2


class TestThePageOfADirectory:
    @pytest.mark.parametrize(("kind", "word"), [("okta", "Okta"), ("entra", "Secret Token"), ("other", "bearer token")])
    def test_explains_how_to_set_it_up(self, browser, kind, word):
        browser.post(f"{LIST}new", {**WISH, "kind": kind})

        page = browser.get(f"{LIST}{queries.connections()[0].id}/").content.decode()

        assert "/scim/v2" in page
        assert word in page

    def test_tells_when_it_called_last(self, browser, connected):
        connection, directory = connected
        before = browser.get(LIST).content.decode()

        directory.get("Users")

        assert "Never" in before
        assert "Never" not in browser.get(LIST).content.decode()
        assert browser.get(f"{LIST}{connection.id}/").context["directory"]["last_used_at"]

    def test_changes_how_people_are_made(self, browser, connected):
        connection, directory = connected

        browser.post(f"{LIST}{connection.id}/", {"default_role": "clerk", "sends_invitations": "on"})

        changed = queries.connection(connection.id)
        assert (changed.default_role, changed.sends_invitations) == ("clerk", True)
        assert users.member(directory.hire("ada@mail.example")["id"]).role_codes == ["clerk"]

    def test_disconnects(self, browser, connected):
        connection, directory = connected
        made = directory.hire("ada@mail.example")

        browser.post(f"{LIST}{connection.id}/disconnection")
        commands.disconnect(connection_id=connection.id, actor=SYSTEM, now=timezone.now())

        assert directory.get("Users").status == 401
        assert users.member(made["id"]).status == "invited"
        assert "Deleted" in browser.get(f"{LIST}{connection.id}/").content.decode()


class TestInvitations:
    def test_are_left_out_where_the_connection_says_so(self, connected, outbox):
        _, directory = connected

        directory.hire("ada@mail.example")

        assert outbox() == []


class TestAnotherTenant:
    def test_finds_no_connection(self, connected, other_company):
        connection, _ = connected

        with tenant(other_company.id), pytest.raises(ConnectionNotFound):
            queries.connection(connection.id)
