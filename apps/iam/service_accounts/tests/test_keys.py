"""API keys: making, rotating, revoking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.auth import api_keys
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.roles.errors import BeyondOwnPermissions
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.errors import (
    ApiKeyDescribedWrongly,
    ApiKeyIsOver,
    ApiKeyNotFound,
    NotByApiKey,
    ServiceAccountIsDeleted,
    TooManyApiKeys,
)
from apps.iam.service_accounts.models import ApiKey
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory

pytestmark = pytest.mark.django_db

DAY_S = 86400


def rotate(account, key, **said):
    facts = {"overlap_s": DAY_S, "actor": SYSTEM, "now": timezone.now(), **said}
    return commands.rotate_key(holder_id=account.id, key_id=key.id, **facts)


def revoke(account, key, **said):
    return commands.revoke_key(holder_id=account.id, key_id=key.id, **{"actor": SYSTEM, "now": timezone.now(), **said})


class TestCreateKey:
    def test_keeps_a_digest_and_never_the_key(self, account, key_of, company):
        issued = key_of(account)

        row = ApiKey.objects.get(id=issued.row.id)
        assert api_keys.tenant_of(issued.secret) == company.id
        assert row.digest == api_keys.digest_of(issued.secret)
        kept = [str(value) for value in ApiKey.objects.filter(id=row.id).values()[0].values()]
        assert not any(issued.secret in text for text in kept)
        assert "digest" not in {field.name for field in ApiKey.pgh_event_model._meta.fields}

    def test_tells_the_security_log_all_but_the_key(self, account, key_of, told):
        issued = key_of(account, scopes=["orders.view"])

        (event,) = told("api_key.created")
        assert event.subject_id == account.id
        assert event.details["key_id"] == str(issued.row.id)
        assert event.details["scopes"] == "orders.view"
        assert issued.secret not in str(event)
        assert issued.row.digest not in str(event)

    def test_ends_after_90_days_or_when_it_was_told_to(self, account, key_of):
        now = timezone.now()

        assert key_of(account, now=now).row.expires_at == now + timedelta(days=90)
        assert key_of(account, now=now, expires_at=now + timedelta(days=7)).row.expires_at == now + timedelta(days=7)

    @pytest.mark.parametrize("days", [-1, 0, 367])
    def test_has_an_end_that_is_neither_past_nor_too_far(self, account, key_of, days):
        with pytest.raises(ApiKeyDescribedWrongly, match="expires_at"):
            key_of(account, expires_at=timezone.now() + timedelta(days=days))

    @pytest.mark.parametrize(
        ("scopes", "text"),
        [([], "at least one"), (["orders.fly"], "there is no permission"), (["users.manage"], "may not do this")],
    )
    def test_has_scopes_within_what_its_account_may_do(self, account, key_of, scopes, text):
        with pytest.raises(ApiKeyDescribedWrongly, match=text):
            key_of(account, scopes=scopes)

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00b"])
    def test_has_a_name(self, account, key_of, name):
        with pytest.raises(ApiKeyDescribedWrongly, match="name"):
            key_of(account, name=name)

    def test_allows_no_more_than_its_maker_may_do(self, company, key_of, member, actor_of):
        mighty, manager = ServiceAccountFactory(roles=["owner"]), actor_of(member("manager"))

        with pytest.raises(BeyondOwnPermissions):
            key_of(mighty, actor=manager)
        issued = key_of(mighty, actor=manager, scopes=["orders.view"])

        assert issued.row.scopes == ["orders.view"]

    def test_made_by_a_key_allows_no_more_than_that_key(self, company, key_of):
        maker, other = ServiceAccountFactory(roles=["owner"]), ServiceAccountFactory(roles=["clerk"])
        narrow = Actor(kind="service", id=maker.id, limited_to=frozenset({"service_accounts.manage"}))

        with pytest.raises(BeyondOwnPermissions):
            key_of(other, actor=narrow)

    def test_is_one_of_a_limited_number(self, account, key_of, settings):
        settings.API_KEYS_PER_HOLDER = 2
        first, _ = key_of(account), key_of(account)

        with pytest.raises(TooManyApiKeys):
            key_of(account)
        revoke(account, first.row)

        assert key_of(account).row.state_at(timezone.now()) == "active"

    def test_is_not_made_for_an_account_that_is_deleted(self, account, key_of):
        commands.delete_service_account(account_id=account.id, actor=SYSTEM, now=timezone.now())

        with pytest.raises(ServiceAccountIsDeleted):
            key_of(account)


class TestRotateKey:
    def test_makes_a_like_one_and_lets_the_old_one_go_on_for_the_overlap(self, account, key_of, told):
        old, now = key_of(account, scopes=["orders.view"]).row, timezone.now()

        new = rotate(account, old, overlap_s=3600, now=now).row

        old = queries.key_of(account.id, old.id)
        assert (new.name, new.scopes, new.replaces_id) == (old.name, ["orders.view"], old.id)
        assert old.expires_at == now + timedelta(hours=1)
        assert (old.state_at(now), old.state_at(now + timedelta(hours=1))) == ("active", "expired")
        assert told("api_key.created")[1].details["replaces"] == str(old.id)

    def test_never_lengthens_the_old_one(self, account, key_of):
        now = timezone.now()
        old = key_of(account, expires_at=now + timedelta(minutes=5)).row

        rotate(account, old, now=now)

        assert queries.key_of(account.id, old.id).expires_at == now + timedelta(minutes=5)

    @pytest.mark.parametrize("overlap_s", [-1, 7 * DAY_S + 1])
    def test_has_an_overlap_within_bounds(self, account, key_of, overlap_s):
        with pytest.raises(ApiKeyDescribedWrongly, match="overlap_s"):
            rotate(account, key_of(account).row, overlap_s=overlap_s)

    def test_needs_a_key_that_is_still_good(self, account, key_of):
        key = revoke(account, key_of(account).row)

        with pytest.raises(ApiKeyIsOver):
            rotate(account, key)

    def test_at_the_limit_takes_the_place_of_the_old_one(self, account, key_of, settings):
        settings.API_KEYS_PER_HOLDER = 2
        old, _ = key_of(account), key_of(account)

        with pytest.raises(TooManyApiKeys):
            rotate(account, old.row)
        assert queries.key_of(account.id, old.row.id).state_at(timezone.now()) == "active"

        rotate(account, old.row, overlap_s=0)
        assert queries.live_keys_count(account.id, now=timezone.now()) == 2

    def test_gives_nobody_a_key_that_allows_more_than_they_may(self, company, key_of, member, actor_of):
        mighty = ServiceAccountFactory(roles=["owner"])
        key = key_of(mighty).row

        with pytest.raises(BeyondOwnPermissions):
            rotate(mighty, key, actor=actor_of(member("manager")))


class TestRevokeKey:
    def test_is_told_once_however_often(self, account, key_of, by_owner, told):
        key = key_of(account).row

        for _ in range(2):
            over = revoke(account, key, actor=by_owner)

        assert (over.state_at(timezone.now()), over.revoked_by) == ("revoked", by_owner.id)
        assert len(told("api_key.revoked")) == 1

    def test_is_for_the_holders_own_keys(self, account, key_of, company):
        key, other = key_of(account).row, ServiceAccountFactory()

        with pytest.raises(ApiKeyNotFound):
            revoke(other, key)

    def test_finds_no_key_of_another_company(self, account, key_of, other_company):
        key = key_of(account).row

        with tenant(other_company.id), pytest.raises(ApiKeyNotFound):
            revoke(account, key)


class TestPersonalKey:
    def make(self, holder_id, actor):
        return commands.create_key(
            holder_id=holder_id, holder_kind="user", name="laptop", actor=actor, now=timezone.now()
        )

    def test_is_made_by_the_person(self, owner, by_owner):
        assert self.make(owner.user_id, by_owner).row.holder_kind == "user"

    def test_is_made_by_nobody_else(self, owner, by_owner, member, actor_of):
        clerk = member("clerk")
        as_clerk = Actor(kind="user", id=clerk.user_id, impersonator_id=owner.user_id)
        by_key = Actor(kind="user", id=clerk.user_id, limited_to=frozenset())
        service = Actor(kind="service", id=clerk.user_id)

        for actor in (by_owner, as_clerk, by_key, service, SYSTEM):
            with pytest.raises(NotByApiKey):
                self.make(clerk.user_id, actor)
        key = self.make(clerk.user_id, actor_of(clerk)).row
        with pytest.raises(NotByApiKey):
            commands.revoke_key(
                holder_id=clerk.user_id, holder_kind="user", key_id=key.id, actor=by_key, now=timezone.now()
            )


def test_uses_are_forgotten_when_there_are_too_many(account, key_of):
    from apps.iam.service_accounts.commands import using
    from apps.iam.service_accounts.models import ApiKeyUse

    issued, now = key_of(account), timezone.now()
    ApiKeyUse.objects.bulk_create(
        ApiKeyUse(key=issued.row, address=f"2001:db8:{n:x}::/64", first_used_at=now, last_used_at=now)
        for n in range(using._ADDRESSES_KEPT)
    )
    later = now + timedelta(minutes=1)

    row = queries.key_by_digest(issued.row.digest, address="192.0.2.1", now=later)
    commands.note_use(key=row, address="192.0.2.1", actor=Actor(kind="service", id=uuid7()), now=later)

    assert ApiKeyUse.objects.count() == using._ADDRESSES_KEPT
    assert queries.key_of(account.id, issued.row.id).last_used_from == "192.0.2.1"
