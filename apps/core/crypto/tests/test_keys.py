"""Every subject has keys of its own: made when needed, turned over while people work, and gone when destroyed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from apps.core.crypto import keys, rotation, tombstones
from apps.core.crypto.keys import KeyDestroyed, Owner, destroy_keys, destroy_tenants_keys, forget_keys, renew_key
from apps.core.crypto.models import DataKey
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import ERASED, PREFIX, decrypt, encrypt, opened
from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
DATABASES = ("default", "business")
_tenants: list[UUID] = []


def known_tenants() -> list[UUID]:
    return list(_tenants)


@pytest.fixture(autouse=True)
def _own_tenants(settings: Any) -> Iterator[None]:
    settings.TENANT_LISTER = f"{__name__}.known_tenants"
    yield
    _tenants.clear()


@pytest.fixture
def owner() -> Owner:
    _tenants.append(uuid7())
    return Owner("business", _tenants[-1], uuid7())


def read(token: str, owner: Owner, place: str = "here") -> str:
    return decrypt(token, database=owner.database, tenant_id=owner.tenant_id, place=place)


def rows(owner: Owner) -> list[DataKey]:
    with tenant(owner.tenant_id):
        return list(DataKey.objects.using(owner.database).order_by("subject_id", "version"))


def rotated(*arguments: str) -> str:
    told = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=told)
    return told.getvalue()


class TestTokens:
    @trials(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
    @given(text=st.text(), place=st.text(max_size=20))
    def test_open_where_they_were_made_and_hide_the_text(self, owner: Owner, text: str, place: str) -> None:
        token = encrypt(text, owner=owner, place=place)

        assert read(token, owner, place) == text
        assert token.startswith(PREFIX)
        assert len(text) < 4 or text not in token

    @trials(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
    @given(data=st.data())
    def test_do_not_open_when_anything_was_changed(self, owner: Owner, data: st.DataObject) -> None:
        token = encrypt("Ada Lovelace", owner=owner, place="here")
        at = data.draw(st.integers(len(PREFIX), len(token) - 2))
        other = data.draw(st.sampled_from("AQgw-_09").filter(lambda one: one != token[at]))

        with pytest.raises((Unreadable, KeyDestroyed)):
            read(token[:at] + other + token[at + 1 :], owner)

    @pytest.mark.parametrize("text", ["", "x", "enc1.", "enc1.AAAA", "enc1.!", "enc1." + "A" * 400])
    def test_are_told_from_nonsense(self, owner: Owner, text: str) -> None:
        with pytest.raises((Unreadable, KeyDestroyed)):
            read(text, owner)

    def test_do_not_open_for_another_tenant_or_in_another_place_or_database(self, owner: Owner) -> None:
        token, other = encrypt("Ada", owner=owner, place="here"), uuid7()
        for elsewhere in (owner._replace(tenant_id=other), owner._replace(database="default")):
            encrypt("to have a key there", owner=elsewhere, place="here")
            with pytest.raises((Unreadable, KeyDestroyed)):
                read(token, elsewhere)

        with pytest.raises(Unreadable):
            read(token, owner, "there")

    @pytest.mark.django_db(transaction=True)
    def test_do_not_open_with_the_key_of_another_subject(self, owner: Owner) -> None:
        """Even where somebody who can write the tables gives one the other's key."""
        other = owner._replace(subject_id=uuid7())
        token = encrypt("Ada", owner=owner, place="here")
        (mine,) = rows(owner)
        encrypt("Bob", owner=other, place="here")
        with tenant(owner.tenant_id):
            of_other = DataKey.objects.using(owner.database).filter(subject_id=other.subject_id)
            of_other.update(wrapped=mine.wrapped, wrapped_by=mine.wrapped_by)
        forget_keys()

        with pytest.raises(Unreadable):
            encrypt("Bob", owner=other, place="here")
        assert read(token, owner) == "Ada"

    def test_of_a_subject_cannot_be_passed_off_as_anothers(self, owner: Owner, monkeypatch: Any) -> None:
        """With one and the same key, the subject alone is what is authenticated."""
        other = owner._replace(subject_id=uuid7())
        key = keys.key_for_writing(owner)
        monkeypatch.setattr("apps.core.crypto.tokens.key_for_reading", lambda *_: key)
        content = encrypt("Ada", owner=owner, place="here")
        raw = base64.urlsafe_b64decode(content.removeprefix(PREFIX) + "==")
        moved = PREFIX + base64.urlsafe_b64encode(other.subject_id.bytes + raw[16:]).decode().rstrip("=")

        assert read(content, owner) == "Ada"
        with pytest.raises(Unreadable):
            read(moved, owner)

    def test_old_plain_texts_are_read_as_they_are(self, owner: Owner) -> None:
        assert opened("plain", database="business", tenant_id=owner.tenant_id, place="here") == "plain"


class TestUse:
    @pytest.mark.django_db(transaction=True)
    def test_costs_one_statement_for_the_first_time_only(self, owner: Owner, django_assert_num_queries: Any) -> None:
        business = connections["business"]
        with django_assert_num_queries(1, connection=business):
            token = encrypt("Ada", owner=owner, place="here")
        with django_assert_num_queries(1, connection=business):
            read(token, owner)
        with django_assert_num_queries(0, connection=business):
            read(encrypt("Ada", owner=owner, place="here"), owner)

    @pytest.mark.django_db(transaction=True)
    def test_a_key_that_was_rolled_back_is_not_used_again(self, owner: Owner) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="business"):
            encrypt("Ada", owner=owner, place="here")
            raise ZeroDivisionError

        token = encrypt("Ada", owner=owner, place="here")

        forget_keys()
        assert read(token, owner) == "Ada"

    def test_costs_nothing_more_in_the_transaction_that_made_it(
        self, owner: Owner, django_assert_num_queries: Any
    ) -> None:
        encrypt("Ada", owner=owner, place="here")

        with django_assert_num_queries(0, connection=connections["business"]):
            encrypt("Ada", owner=owner, place="here")

    def test_a_key_of_a_savepoint_that_was_undone_is_not_used_again(self, owner: Owner) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="business"):
            lost = encrypt("Ada", owner=owner, place="here")
            assert read(lost, owner) == "Ada"
            raise ZeroDivisionError

        token = encrypt("Ada", owner=owner, place="here")

        assert read(token, owner) == "Ada"
        with pytest.raises(Unreadable):
            read(lost, owner)

    @pytest.mark.django_db(transaction=True)
    def test_is_forgotten_after_its_time(self, owner: Owner, settings: Any, django_assert_num_queries: Any) -> None:
        encrypt("Ada", owner=owner, place="here")
        settings.KEY_CACHE_S = 0

        with django_assert_num_queries(1, connection=connections["business"]):
            encrypt("Ada", owner=owner, place="here")

    @pytest.mark.django_db(transaction=True)
    def test_remembers_no_more_than_it_may(self, owner: Owner, settings: Any, django_assert_num_queries: Any) -> None:
        settings.KEY_CACHE_SIZE = 1
        first, second = owner, owner._replace(subject_id=uuid7())
        for one in (first, second):
            encrypt("Ada", owner=one, place="here")

        with django_assert_num_queries(1, connection=connections["business"]):
            encrypt("Ada", owner=first, place="here")


class TestDestroying:
    def test_makes_everything_of_the_subject_unreadable_in_every_database_and_tenant(self, owner: Owner) -> None:
        other = owner._replace(subject_id=uuid7())
        owners = [
            owner._replace(database=alias, tenant_id=one)
            for alias, one in product(DATABASES, (owner.tenant_id, uuid7()))
        ]
        tokens = [(encrypt("Ada", owner=one, place="here"), one) for one in owners]
        kept = encrypt("Bob", owner=other, place="here")

        assert destroy_keys(owner.subject_id, databases=DATABASES) == 4

        for token, one in tokens:
            with pytest.raises(KeyDestroyed):
                read(token, one)
            assert opened(token, database=one.database, tenant_id=one.tenant_id, place="here") == ERASED
        assert [bytes(row.wrapped) for one in owners for row in rows(one) if row.subject_id == owner.subject_id] == [
            b""
        ] * 4
        assert read(kept, other) == "Bob"

    def test_can_be_repeated_and_nothing_is_encrypted_for_them_again(self, owner: Owner) -> None:
        encrypt("Ada", owner=owner, place="here")
        destroy_keys(owner.subject_id, databases=DATABASES)

        assert destroy_keys(owner.subject_id, databases=DATABASES) == 0
        assert encrypt("Ada", owner=owner, place="here") == ERASED
        assert encrypt("Ada", owner=owner._replace(tenant_id=uuid7()), place="here") == ERASED
        assert renew_key(owner) is None

    def test_holds_in_a_database_that_was_restored(self, owner: Owner) -> None:
        token = encrypt("Ada", owner=owner, place="here")
        (before,) = rows(owner)
        destroy_keys(owner.subject_id, databases=DATABASES)
        with tenant(owner.tenant_id):
            DataKey.objects.using("business").update(
                wrapped=before.wrapped, wrapped_by=before.wrapped_by, destroyed_at=None
            )
        forget_keys()

        assert opened(token, database="business", tenant_id=owner.tenant_id, place="here") == ERASED
        assert owner.subject_id in set(tombstones.buried())
        assert destroy_keys(owner.subject_id, databases=DATABASES) == 1

    def test_of_a_tenant_takes_all_its_people(self, owner: Owner) -> None:
        token, elsewhere = encrypt("Ada", owner=owner, place="here"), owner._replace(tenant_id=uuid7())
        kept = encrypt("Ada", owner=elsewhere, place="here")

        assert destroy_tenants_keys(owner.tenant_id, database="business") == 1

        with pytest.raises(KeyDestroyed):
            read(token, owner)
        assert read(kept, elsewhere) == "Ada"

    def test_changes_nothing_where_it_cannot_be_noted(self, owner: Owner, settings: Any, tmp_path: Any) -> None:
        token = encrypt("Ada", owner=owner, place="here")
        (tmp_path / "file").touch()
        settings.DESTROYED_KEYS_DIR = str(tmp_path / "file" / "folder")

        with pytest.raises(OSError):
            destroy_keys(owner.subject_id, databases=DATABASES)

        assert read(token, owner) == "Ada"


class TestRotation:
    def test_wraps_every_key_anew_while_all_stays_readable(self, owner: Owner, settings: Any) -> None:
        owners = [owner._replace(database=alias, subject_id=uuid7()) for alias in DATABASES for _ in range(3)]
        tokens = [(encrypt("Ada", owner=one, place="here"), one) for one in owners]
        former, settings.KEY_ENCRYPTION_KEYS = settings.KEY_ENCRYPTION_KEYS, ["new " * 10]
        settings.KEY_ENCRYPTION_KEYS += former
        forget_keys()
        assert read(*tokens[0]) == "Ada"

        said = rotated()

        assert "3 keys wrapped anew" in said
        settings.KEY_ENCRYPTION_KEYS = settings.KEY_ENCRYPTION_KEYS[:1]
        forget_keys()
        assert {read(token, one) for token, one in tokens} == {"Ada"}
        assert "default: 0 keys wrapped anew" in rotated()

    def test_ends_what_old_backups_of_the_keys_are_good_for(self, owner: Owner, settings: Any) -> None:
        token = encrypt("Ada", owner=owner, place="here")
        (backup,) = rows(owner)
        settings.KEY_ENCRYPTION_KEYS = ["new " * 10, *settings.KEY_ENCRYPTION_KEYS]
        rotated()
        settings.KEY_ENCRYPTION_KEYS = settings.KEY_ENCRYPTION_KEYS[:1]
        with tenant(owner.tenant_id):
            DataKey.objects.using("business").update(wrapped=backup.wrapped, wrapped_by=backup.wrapped_by)
        forget_keys()

        with pytest.raises(ImproperlyConfigured):
            read(token, owner)

    def test_is_carried_on_where_it_was_cut_off(self, owner: Owner, settings: Any, monkeypatch: Any) -> None:
        owners = [owner._replace(subject_id=uuid7()) for _ in range(3)]
        tokens = [(encrypt("Ada", owner=one, place="here"), one) for one in owners]
        settings.KEY_ENCRYPTION_KEYS = ["new " * 10, *settings.KEY_ENCRYPTION_KEYS]
        monkeypatch.setattr(rotation, "_BATCH", 1)
        next(rotation.rewrap("business", owner.tenant_id))

        forget_keys()
        assert {read(token, one) for token, one in tokens} == {"Ada"}
        assert sum(rotation.rewrap("business", owner.tenant_id)) == 2

    def test_does_not_bring_back_a_key_that_is_destroyed_meanwhile(self, owner: Owner, settings: Any) -> None:
        encrypt("Ada", owner=owner, place="here")
        settings.KEY_ENCRYPTION_KEYS = ["new " * 10, *settings.KEY_ENCRYPTION_KEYS]
        (read_before,) = rows(owner)
        destroy_keys(owner.subject_id, databases=DATABASES)

        rotation._rewrap("business", read_before)

        assert [bytes(row.wrapped) for row in rows(owner)] == [b""]

    def test_says_when_the_former_key_is_missing(self, owner: Owner, settings: Any) -> None:
        encrypt("Ada", owner=owner, place="here")
        settings.KEY_ENCRYPTION_KEYS = ["new " * 10]

        with pytest.raises(CommandError, match="KEY_ENCRYPTION_KEYS has no key named"):
            rotated()

    def test_of_data_keys_is_for_what_is_written_next(self, owner: Owner) -> None:
        token = encrypt("Ada", owner=owner, place="here")
        with tenant(owner.tenant_id):
            DataKey.objects.using("business").update(created_at="2020-01-01T00:00Z")

        assert "1 data keys made" in rotated("--data-keys", "365")

        newer = encrypt("Ada", owner=owner, place="here")
        assert [row.version for row in rows(owner)] == [1, 2]
        assert {read(token, owner), read(newer, owner)} == {"Ada"}
        assert token[len(PREFIX) + 21 : len(PREFIX) + 24] != newer[len(PREFIX) + 21 : len(PREFIX) + 24]


@pytest.mark.parametrize(
    ("given_keys", "found"),
    [(["x" * 31], "crypto.E002"), (["x" * 40] * 2, "crypto.E001"), (["development-only-" + "1" * 40], "crypto.E003")],
)
def test_bad_key_encryption_keys_are_refused(settings: Any, given_keys: list[str], found: str) -> None:
    from apps.core.crypto.checks import key_encryption_keys_are_secrets

    settings.KEY_ENCRYPTION_KEYS = given_keys

    assert [one.id for one in key_encryption_keys_are_secrets(None)] == [found]
