"""Everything that is kept about a person: for themselves, and for who administers one of their companies."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import Actor
from apps.core.tenancy import tenant
from apps.iam.exports import commands, queries
from apps.iam.exports.errors import ExportNotFound
from apps.iam.exports.personal import PersonalData, all_personal_data, register
from apps.iam.service import FEATURES
from apps.iam.users import commands as users
from apps.iam.users.errors import MemberNotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe(owner, member):
    return member("clerk", name="Zoë Blum")


@pytest.fixture
def by_zoe(zoe, actor_of):
    return actor_of(zoe)


@pytest.fixture
def elsewhere(zoe, other_company, member):
    """Zoë is somebody in another company too."""
    with tenant(other_company.id):
        return member("manager", user=zoe.user, name="Dr. Blum")


@pytest.fixture
def about(zoe):
    return lambda actor: commands.request_person_export(user_id=zoe.user_id, actor=actor, now=timezone.now())


class TestOneself:
    def test_gets_the_account_and_every_company(self, about, by_zoe, made, zoe, elsewhere):
        archive = made(about(by_zoe))

        assert archive.rows("profile")[0]["email"] == zoe.user.email
        assert {(row["name"], tuple(row["roles"])) for row in archive.rows("memberships")} == {
            ("Zoë Blum", ("clerk",)),
            ("Dr. Blum", ("manager",)),
        }

    def test_gets_what_they_did_and_what_was_done_to_them(self, about, by_zoe, by_owner, made, zoe, drain):
        users.change_roles(user_id=zoe.user_id, roles_held=["viewer"], actor=by_owner, now=timezone.now())
        drain()

        archive = made(about(by_zoe))

        assert archive.rows("memberships")[0]["roles"] == ["viewer"]
        states = {row["role_code"]: row["state"] for row in archive.rows("role_assignments")}
        assert states == {"viewer": "active", "clerk": "ended"}
        assert str(zoe.user_id) in {row["subject_id"] for row in archive.rows("security_log")}

    def test_gets_no_password(self, about, by_zoe, made, zoe):
        users.set_password(user_id=zoe.user_id, password="a password that nobody guesses")

        text = made(about(by_zoe)).everything()

        assert "argon2" not in text
        assert "a password that nobody guesses" not in text


class TestAdministrator:
    def test_gets_nothing_of_the_persons_other_companies(self, about, by_owner, made, zoe, elsewhere, other_company):
        archive = made(about(by_owner))

        assert archive.rows("profile") == []
        assert [row["name"] for row in archive.rows("memberships")] == ["Zoë Blum"]
        assert "Dr. Blum" not in archive.everything()
        assert str(other_company.id) not in archive.everything()
        assert archive.rows("authenticators") == archive.rows("mail") == []

    def test_acting_in_the_persons_name_gets_no_more(self, about, zoe, owner, made, elsewhere):
        disguised = Actor(kind="user", id=zoe.user_id, name=zoe.name, impersonator_id=owner.user_id)

        assert "Dr. Blum" not in made(about(disguised)).everything()

    def test_does_not_find_a_stranger(self, by_owner):
        with pytest.raises(MemberNotFound):
            commands.request_person_export(user_id=uuid7(), actor=by_owner, now=timezone.now())

    def test_does_not_see_what_the_person_gathered(self, about, by_zoe, owner, client_of, made, zoe):
        found = about(by_zoe)
        made(found)

        assert client_of(owner).get(f"/api/v1/exports/{found.id}").status_code == 404
        assert client_of(zoe).get(f"/api/v1/exports/{found.id}").status_code == 200


class TestContributions:
    def test_come_from_every_feature_that_keeps_something(self):
        assert {data.code for data in all_personal_data()} >= {
            *("profile", "memberships", "groups", "sessions", "consents", "api_keys", "authenticators"),
            *("changes", "security_log", "approvals", "orders", "mail", "invitation", "exports", "role_assignments"),
            *("directory", "identities"),
        }

    def test_are_missing_of_no_feature_that_was_not_thought_of(self):
        """A new feature writes a `personal_data.py`, or is named here with the reason why it needs none."""
        keep_nothing = {
            "tenants": "companies; who changed their settings is in the changes",
            "policies": "say what roles do not allow; who wrote them is in the changes",
            "access": "computes, and keeps nothing",
            "oidc": "tokens and codes, told by sessions and consents; the rest are keys and clients",
        }
        silent = {name for name in FEATURES if find_spec(f"apps.iam.{name}.personal_data") is None}

        assert silent == set(keep_nothing)

    def test_are_declared_once(self):
        with pytest.raises(ValueError, match="declared twice"):
            register(PersonalData("profile", "Another", lambda subject: []))


def test_of_another_company_is_not_found(about, by_zoe, other_company):
    found = about(by_zoe)

    with tenant(other_company.id), pytest.raises(ExportNotFound):
        queries.export(found.id, queries.all_exports())
