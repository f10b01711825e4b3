"""People beyond any tenant: signing in, platform staff, passwords."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, tenant
from apps.iam.users import backends, commands, queries
from apps.iam.users.errors import AddressTaken, UserNotFound
from apps.iam.users.models import User
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ada():
    user = UserFactory(email="Ada@mail.example")
    commands.set_password(user_id=user.id, password=PASSWORD)
    return user


class TestEmailBackend:
    @pytest.mark.parametrize("typed", ["ada@mail.example", "ADA@MAIL.EXAMPLE", " Ada@mail.example "])
    def test_knows_the_person_however_the_address_is_written(self, ada, typed):
        assert authenticate(username=typed, password=PASSWORD) == ada
        assert authenticate(email=typed, password=PASSWORD) == ada

    @pytest.mark.parametrize(
        "credentials",
        [
            {"username": "ada@mail.example", "password": "wrong"},
            {"username": "ada@mail.example", "password": ""},
            {"username": "nobody@mail.example", "password": PASSWORD},
            {"username": "", "password": PASSWORD},
            {"username": "ada@mail.example"},
        ],
    )
    def test_knows_nobody_else(self, ada, credentials):
        assert authenticate(**credentials) is None

    def test_hashes_also_for_an_unknown_address(self, ada, monkeypatch):
        hashed = []
        monkeypatch.setattr(backends, "make_password", hashed.append)

        authenticate(username="nobody@mail.example", password=PASSWORD)

        assert hashed == [PASSWORD]

    def test_forgets_whoever_is_suspended(self, ada):
        commands.suspend_user(user_id=ada.id)

        assert authenticate(username="ada@mail.example", password=PASSWORD) is None
        assert backends.EmailBackend().get_user(ada.id) is None

    def test_forgets_whoever_is_deleted(self, ada):
        commands.delete_user(user_id=ada.id, actor=SYSTEM, now=timezone.now())

        assert authenticate(username="ada@mail.example", password=PASSWORD) is None
        assert backends.EmailBackend().get_user(ada.id) is None


class TestRecordSignIn:
    def test_accepts_open_invitations_in_every_company(self, company, other_company, member):
        first = member(status="invited", joined_at=None)
        with tenant(other_company.id):
            member(user=first.user, status="invited", joined_at=None)

        with no_tenant():
            user_logged_in.send(User, request=None, user=first.user)

        assert {m.status for m in queries.memberships_of(first.user_id)} == {"active"}
        assert queries.user(first.user_id).last_login is not None

    def test_leaves_suspended_memberships_suspended(self, company, member):
        suspended = member(status="suspended")

        commands.record_sign_in(user_id=suspended.user_id, now=timezone.now())

        assert queries.member(suspended.user_id).status == "suspended"

    def test_does_not_count_as_a_change_of_the_person(self, ada):
        before = queries.user(ada.id).version

        commands.record_sign_in(user_id=ada.id, now=timezone.now())

        assert queries.user(ada.id).version == before


class TestUserHistory:
    def test_never_holds_a_password(self, ada):
        columns = {f.name for f in User.pgh_event_model._meta.fields}

        assert "email" in columns
        assert "password" not in columns
        assert User.pgh_event_model.objects.filter(pgh_obj_id=ada.id).count() == 1  # not the change of the password


class TestDeleteUser:
    def test_frees_the_address(self, ada):
        commands.delete_user(user_id=ada.id, actor=SYSTEM, now=timezone.now())

        assert UserFactory(email="ada@mail.example").pk
        with pytest.raises(AddressTaken):
            commands.restore_user(user_id=ada.id)

    def test_can_be_undone(self, ada):
        commands.delete_user(user_id=ada.id, actor=SYSTEM, now=timezone.now())

        commands.restore_user(user_id=ada.id)

        assert authenticate(username="ada@mail.example", password=PASSWORD) == ada

    def test_keeps_addresses_unique_otherwise(self, ada):
        with pytest.raises(IntegrityError):
            UserFactory(email="ADA@mail.example")


class TestCreatePlatformStaff:
    def test_makes_somebody_new(self, capsys):
        call_command("create_platform_staff", "staff@platform.example", "--name", "Staff")

        staff = queries.user_by_email("staff@platform.example")
        password = capsys.readouterr().out.split()[-1]
        assert staff.is_staff and staff.check_password(password)

    def test_promotes_somebody_known_and_keeps_the_password(self, ada):
        _, is_new = commands.create_platform_staff(email=ada.email, name="Ada", password="another one here")

        known = queries.user(ada.id)
        assert not is_new
        assert known.is_staff and known.check_password(PASSWORD)


class TestUserQueries:
    def test_do_not_find_the_unknown(self, ada):
        with pytest.raises(UserNotFound):
            queries.user(UserFactory.build().id)
        assert [user.id for user in queries.users([ada.id])] == [ada.id]
