"""The keys that tokens are signed with: made once, rotated without a refused token, published as long as needed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from apps.core.auth import tokens as verifier
from apps.core.auth.tokens import InvalidToken, verified_claims
from apps.core.events.testing import Published
from apps.iam.audit.kinds import Kind
from apps.iam.facade import iam
from apps.iam.oidc import keys, signing_keys, tasks
from apps.iam.oidc.errors import SigningKeyUnreadable
from apps.iam.oidc.models import Application, SigningKey
from apps.iam.oidc.starting import have_signing_keys
from apps.iam.oidc.tests.identity import Flow

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
MONTH = timedelta(days=30)


def kids() -> list[str]:
    """As published, the signing one first."""
    return [key["kid"] for key in Client().get("/oidc/jwks").json()["keys"]]


def header(token: str) -> dict[str, Any]:
    key_set = KeySet.import_key_set(Client().get("/oidc/jwks").json())
    found: dict[str, Any] = jwt.decode(token, key_set, algorithms=["ES256", "RS256"]).header
    return found


@pytest.fixture
def old_keys(db: None) -> list[str]:
    """The signing and the next key of an installation that is a month old."""
    signing_keys.ensure(now=timezone.now() - MONTH)
    return kids()


class TestEnsure:
    def test_makes_a_signing_key_and_the_next_one(self, db: None) -> None:
        signing_keys.ensure(now=NOW)
        signing_keys.ensure(now=NOW + MONTH)

        signing, following = SigningKey.objects.order_by("activated_at")
        assert (signing.is_signing, signing.created_at, following.is_next) == (True, NOW, True)
        assert kids() == [signing.kid, following.kid]

    def test_keeps_the_private_half_sealed_and_to_itself(self, db: None) -> None:
        signing_keys.ensure(now=NOW)

        for row in SigningKey.objects.all():
            assert b"PRIVATE" not in bytes(row.private_key_sealed)
            assert set(row.public_jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
        assert "PRIVATE" not in json.dumps(iam.signing_keys())

    def test_is_done_by_the_first_to_publish_or_to_sign(self, flow: Flow, mia: Any) -> None:
        published = kids()

        assert header(flow.tokens(mia.email)["access_token"])["kid"] == published[0]
        assert len(published) == 2

    def test_is_done_at_the_start_where_tokens_are_issued(self, db: None, settings: Any) -> None:
        settings.SERVICES = ["gateway"]
        have_signing_keys()
        elsewhere = SigningKey.objects.count()
        settings.SERVICES = ["iam"]
        have_signing_keys()

        assert (elsewhere, SigningKey.objects.count()) == (0, 2)

    @pytest.mark.django_db(transaction=True)
    def test_by_many_at_once_ends_with_the_same_keys(self) -> None:
        def start(_: int) -> list[str]:
            try:
                signing_keys.ensure(now=timezone.now())
                return [key["kid"] for key in keys.published()]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(6) as pool:
            published = list(pool.map(start, range(6)))

        assert {tuple(found) for found in published} == {tuple(published[0])}
        assert len(published[0]) == 2

    def test_second_signing_or_next_key_is_refused_by_the_database(self, old_keys: list[str]) -> None:
        for row in SigningKey.objects.all():
            twin = SigningKey(kid=f"{row.kid}'", algorithm="ES256", public_jwk={}, created_at=NOW)
            twin.activated_at = row.activated_at
            with pytest.raises(IntegrityError), transaction.atomic():
                twin.save()


class TestRotate:
    def test_lets_the_next_key_sign_and_keeps_the_old_one_published(self, old_keys: list[str]) -> None:
        now = timezone.now()

        (rotated,) = signing_keys.rotate(now=now)

        signing, following, retired = kids()
        assert (rotated.kid, signing, retired) == (old_keys[1], old_keys[1], old_keys[0])
        assert following not in old_keys
        row = SigningKey.objects.get(kid=retired)
        assert bytes(row.private_key_sealed) == b""
        assert row.published_until > now + timedelta(hours=1)

    def test_refuses_no_token_of_before_or_after(self, flow: Flow, mia: Any, old_keys: list[str]) -> None:
        before = flow.tokens(mia.email)["access_token"]
        verified_claims(before)  # from here on the verifier knows the keys of this moment

        signing_keys.rotate(now=timezone.now())
        keys.forget()  # as after READ_EVERY_S
        after = flow.tokens(mia.email)["access_token"]

        assert [header(token)["kid"] for token in (before, after)] == old_keys
        assert verified_claims(before)
        assert verified_claims(after)

    def test_is_unpublished_when_its_last_token_is_over(self, old_keys: list[str]) -> None:
        signing_keys.rotate(now=timezone.now() - timedelta(hours=2))

        assert old_keys[0] not in kids()
        assert len(kids()) == 2

    def test_does_nothing_where_a_key_has_just_begun(self, old_keys: list[str]) -> None:
        now = timezone.now()
        signing_keys.rotate(now=now)

        assert signing_keys.rotate(now=now) == []
        assert signing_keys.rotate(now=now + timedelta(minutes=14)) == []
        assert kids()[0] == old_keys[1]

    def test_never_begins_with_a_key_that_nobody_can_know(self, old_keys: list[str]) -> None:
        now = timezone.now()
        SigningKey.objects.filter(activated_at=None).update(created_at=now - timedelta(minutes=14))

        assert signing_keys.rotate(now=now) == []

    def test_is_told_to_the_platforms_log_once(self, old_keys: list[str], published: Published) -> None:
        signing_keys.rotate(now=timezone.now())
        signing_keys.rotate(now=timezone.now())

        (told,) = [one for one in published if getattr(one, "kind", "") == Kind.SIGNING_KEYS_ROTATED]
        assert told.details == {"algorithm": "ES256", "kid": old_keys[1], "withdrawn": "false"}

    @pytest.mark.django_db(transaction=True)
    def test_by_many_at_once_rotates_once(self) -> None:
        signing_keys.ensure(now=timezone.now() - MONTH)

        def rotate(_: int) -> int:
            try:
                return len(signing_keys.rotate(now=timezone.now()))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(rotate, range(4))) == 1

    def test_comes_by_itself_after_the_lifetime_of_a_key(self, settings: Any) -> None:
        signing_keys.ensure(now=timezone.now() - timedelta(days=29))
        tasks.rotate_signing_keys()
        before = SigningKey.objects.filter(retired_at__isnull=False).count()

        settings.SIGNING_KEY_LIFETIME_DAYS = 28
        tasks.rotate_signing_keys()
        tasks.rotate_signing_keys()

        assert (before, SigningKey.objects.filter(retired_at__isnull=False).count()) == (0, 1)
        assert settings.CELERY_BEAT_SCHEDULE["oidc.rotate_signing_keys"]["task"] == tasks.rotate_signing_keys.name

    def test_is_a_command_that_may_be_repeated(self, old_keys: list[str]) -> None:
        out = StringIO()

        call_command("rotate_signing_keys", stdout=out)
        call_command("rotate_signing_keys", stdout=out)

        assert f"ES256 tokens are signed with {old_keys[1]}\nnothing to do" in out.getvalue()


class TestWithdraw:
    def test_publishes_neither_the_signing_key_nor_the_next_one_any_longer(
        self, flow: Flow, mia: Any, old_keys: list[str]
    ) -> None:
        stolen = flow.tokens(mia.email)["access_token"]

        call_command("rotate_signing_keys", "--withdraw", stdout=StringIO())
        keys.forget()
        verifier.forget_keys()

        assert not set(kids()) & set(old_keys)
        with pytest.raises(InvalidToken):
            verified_claims(stolen)
        assert verified_claims(flow.tokens(mia.email)["access_token"])

    def test_helps_when_the_keys_were_sealed_with_another_secret(self, old_keys: list[str], settings: Any) -> None:
        settings.SECRET_KEY = "another secret of this installation"
        with pytest.raises(SigningKeyUnreadable, match="--withdraw"):
            keys.signed({}, typ="JWT")

        signing_keys.withdraw(now=timezone.now())

        assert header(keys.signed({}, typ="JWT"))["kid"] == kids()[0]


ASKED: list[datetime] = []


def counted_keys() -> dict[str, Any]:
    """What settings.ACCESS_TOKEN_KEYS names in the test below."""
    ASKED.append(timezone.now())
    return iam.signing_keys()


class TestVerifier:
    def test_asks_again_for_a_key_it_does_not_know_but_not_for_each_token(
        self, old_keys: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ACCESS_TOKEN_KEYS = f"{__name__}.counted_keys"
        ASKED.clear()
        token = keys.signed({"iss": "x"}, typ="at+jwt")
        forged, unknown = token[:-6] + "AAAAAA", _renamed(token)

        def refused(wrong: str) -> int:
            with pytest.raises(InvalidToken):
                verified_claims(wrong)
            return len(ASKED)

        monkeypatch.setattr(verifier, "KEYS_RETRY_S", 0.0)
        often = [refused(wrong) for wrong in (forged, forged, unknown, unknown)]
        monkeypatch.setattr(verifier, "KEYS_RETRY_S", 60.0)
        seldom = [refused(unknown) for _ in range(3)]

        assert often == [1, 1, 2, 3]
        assert seldom == [3, 3, 3]


class TestAlgorithm:
    def test_of_id_tokens_is_the_clients(self, flow: Flow, mia: Any) -> None:
        Application.objects.filter(client_id=flow.client_id).update(algorithm="RS256")

        tokens = flow.tokens(mia.email)

        assert header(tokens["id_token"])["alg"] == "RS256"
        assert header(tokens["access_token"])["alg"] == "ES256"
        assert [key["alg"] for key in Client().get("/oidc/jwks").json()["keys"]] == ["ES256", "RS256"] * 2

    def test_of_each_is_rotated(self, flow: Flow, mia: Any, old_keys: list[str]) -> None:
        signing_keys.ensure("RS256", now=timezone.now() - MONTH)

        rotated = signing_keys.rotate(now=timezone.now())

        assert [key.algorithm for key in rotated] == ["ES256", "RS256"]
        assert len(kids()) == 6

    def test_of_a_client_that_is_registered_in_the_admin_is_taken(self, flow: Flow) -> None:
        client = Application.objects.get(client_id=flow.client_id)
        client.algorithm = "RS256"

        client.full_clean(exclude=["user"])


def _renamed(token: str) -> str:
    """The token, as if a key of nobody's had signed it."""
    said, rest = token.split(".", 1)
    renamed = {**json.loads(urlsafe_b64decode(said.encode())), "kid": "nobody's"}
    return f"{urlsafe_b64encode(json.dumps(renamed).encode()).decode()}.{rest}"
