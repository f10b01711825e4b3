"""People in the admin, for platform staff."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.history import Actor
from apps.iam.authenticators import commands as authenticators
from apps.iam.authenticators.errors import AuthenticatorNotFound
from apps.iam.users import queries
from apps.iam.users.models import User
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return UserFactory(is_platform_staff=True, name="Staff")


@pytest.fixture
def admin(staff):
    client = Client()
    client.force_login(staff)
    return client


def act(client, action, *users):
    return client.post("/admin/users/user/", {"action": action, "_selected_action": [str(user.id) for user in users]})


class TestUserAdmin:
    def test_lists_and_shows_people(self, admin):
        ada = UserFactory(name="Ada King")

        assert "Ada King" in admin.get("/admin/users/user/").content.decode()
        assert admin.get(f"/admin/users/user/{ada.id}/change/").status_code == 200

    def test_is_closed_to_everybody_else(self):
        client = Client()
        client.force_login(UserFactory())

        assert client.get("/admin/users/user/").status_code == 302

    def test_changes_nobody_by_hand(self, admin):
        ada = UserFactory(name="Ada")

        admin.post(f"/admin/users/user/{ada.id}/change/", {"name": "Root", "is_platform_staff": "on"})

        assert queries.user(ada.id).name == "Ada"
        assert admin.get("/admin/users/user/add/").status_code == 403

    def test_suspends_and_reinstates_in_the_name_of_the_staff(self, admin, staff):
        ada = UserFactory()

        act(admin, "suspend", ada)
        assert not queries.user(ada.id).is_active
        act(admin, "reinstate", ada)

        assert queries.user(ada.id).is_active
        last = User.pgh_event_model.objects.filter(pgh_obj_id=ada.id).latest("pgh_id")
        assert last.pgh_context["actor_id"] == str(staff.id)

    def test_deletes_and_restores(self, admin):
        ada = UserFactory()

        act(admin, "delete", ada)
        assert queries.lock_user(ada.id).is_deleted
        act(admin, "restore", ada)

        assert not queries.lock_user(ada.id).is_deleted

    def test_says_when_the_address_is_taken_by_now(self, admin):
        ada = UserFactory(email="ada@mail.example")
        act(admin, "delete", ada)
        UserFactory(email="ada@mail.example")

        act(admin, "restore", ada)

        assert queries.lock_user(ada.id).is_deleted

    def test_spares_oneself(self, admin, staff):
        act(admin, "suspend", staff)

        assert queries.user(staff.id).is_active

    def test_helps_somebody_who_lost_every_second_factor(self, admin, staff):
        ada = UserFactory()
        by_ada = Actor(kind="user", id=ada.id, name=ada.name)
        first = authenticators.begin_totp(user_id=ada.id, actor=by_ada).authenticator

        act(admin, "reset_second_factors", ada)

        with pytest.raises(AuthenticatorNotFound):
            authenticators.new_totp(user_id=ada.id, authenticator_id=first.id)
