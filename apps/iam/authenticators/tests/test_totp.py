"""Codes of authenticator apps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.auth import NotWhileImpersonating
from apps.core.history import Actor
from apps.iam.authenticators import commands, queries, totp
from apps.iam.authenticators.errors import (
    AuthenticatorNotFound,
    PeopleOnly,
    TotpExists,
    WrongCode,
)
from apps.iam.authenticators.models import Totp
from apps.iam.authenticators.tests.conftest import secret_of


class TestAlgorithm:
    # RFC 6238, appendix B: SHA-1, of which an app shows the last six digits.
    @pytest.mark.parametrize(
        ("seconds", "code"),
        [
            (59, "287082"),
            (1111111109, "081804"),
            (1111111111, "050471"),
            (1234567890, "005924"),
            (2000000000, "279037"),
        ],
    )
    def test_gives_the_codes_of_the_standard(self, seconds, code):
        assert totp.code_at(b"12345678901234567890", totp.step_at(datetime.fromtimestamp(seconds, UTC))) == code

    @pytest.mark.parametrize(("drift_s", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
    def test_takes_codes_of_the_steps_beside_this_one(self, drift_s, taken):
        secret, now = totp.new_secret(), datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)
        code = totp.code_at(secret, totp.step_at(now + timedelta(seconds=drift_s)))

        assert (totp.matching_step(secret, code, now=now, after=0) is not None) is taken

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5", "\x00" * 6])
    def test_takes_nothing_that_is_no_code(self, typed):
        assert totp.matching_step(b"s" * 20, typed, now=datetime.now(UTC), after=0) is None

    def test_lets_people_type_spaces(self):
        now = datetime.now(UTC)
        code = totp.code_at(b"s" * 20, totp.step_at(now))

        assert totp.matching_step(b"s" * 20, f" {code[:3]} {code[3:]} ", now=now, after=0)

    def test_tells_apps_all_they_need(self):
        uri = totp.provisioning_uri(b"12345678901234567890", account="ada@mail.example", issuer="Our Shop")

        assert uri.startswith("otpauth://totp/Our%20Shop:ada%40mail.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
        assert totp.qr_data_url(uri).startswith("data:image/svg+xml;base64,")


@pytest.mark.django_db
class TestEnrolment:
    def test_counts_once_a_code_confirms_it(self, ada, by_ada, now, told):
        new = commands.begin_totp(user_id=ada.user_id, actor=by_ada)
        before = queries.kinds_of(ada.user_id)
        code = totp.code_at(secret_of(new.secret), totp.step_at(now))

        for _ in range(2):
            commands.confirm_totp(
                user_id=ada.user_id, authenticator_id=new.authenticator.id, code=code, actor=by_ada, now=now
            )

        assert (before, queries.kinds_of(ada.user_id)) == (frozenset(), {"totp"})
        assert told(ada.user_id) == ["mfa.totp_enabled"]

    def test_is_refused_with_a_wrong_code(self, ada, by_ada, now, told):
        new = commands.begin_totp(user_id=ada.user_id, actor=by_ada)
        right = totp.code_at(secret_of(new.secret), totp.step_at(now))

        with pytest.raises(WrongCode):
            commands.confirm_totp(
                user_id=ada.user_id,
                authenticator_id=new.authenticator.id,
                code=f"{(int(right) + 1) % 10**6:06d}",
                actor=by_ada,
                now=now,
            )

        assert (queries.kinds_of(ada.user_id), told(ada.user_id)) == (frozenset(), [])

    def test_begun_again_forgets_the_first_secret(self, ada, by_ada):
        first = commands.begin_totp(user_id=ada.user_id, actor=by_ada)
        second = commands.begin_totp(user_id=ada.user_id, actor=by_ada)

        assert first.secret != second.secret
        assert [row.id for row in Totp.objects.filter(user_id=ada.user_id)] == [second.authenticator.id]

    def test_allows_one_app(self, ada, by_ada, app_of):
        app_of(ada.user_id)

        with pytest.raises(TotpExists):
            commands.begin_totp(user_id=ada.user_id, actor=by_ada)

    def test_is_of_nobody_else(self, ada, by_ada, member, now):
        new = commands.begin_totp(user_id=ada.user_id, actor=by_ada)
        code = totp.code_at(secret_of(new.secret), totp.step_at(now))

        with pytest.raises(AuthenticatorNotFound):
            commands.confirm_totp(
                user_id=member().user_id, authenticator_id=new.authenticator.id, code=code, actor=by_ada, now=now
            )

    def test_keeps_the_secret_sealed(self, ada, by_ada):
        new = commands.begin_totp(user_id=ada.user_id, actor=by_ada)

        sealed = bytes(Totp.objects.get(id=new.authenticator.id).sealed_secret)

        assert secret_of(new.secret) not in sealed
        assert new.secret.encode() not in sealed

    def test_is_for_the_person_alone(self, ada):
        other = Actor(kind="user", id=ada.user_id, impersonator_id=ada.id, impersonator_name="Olive")
        with pytest.raises(NotWhileImpersonating):
            commands.begin_totp(user_id=ada.user_id, actor=other)
        with pytest.raises(PeopleOnly):
            commands.begin_totp(user_id=ada.user_id, actor=Actor(kind="service", id=ada.user_id))


@pytest.mark.django_db
class TestCode:
    def test_is_taken_once(self, ada, app_of, now):
        secret = app_of(ada.user_id)
        code = totp.code_at(secret, totp.step_at(now))

        used = commands.check_totp(user_id=ada.user_id, code=code, now=now)

        assert used.last_used_at == now
        with pytest.raises(WrongCode):
            commands.check_totp(user_id=ada.user_id, code=code, now=now)

    def test_older_than_the_last_one_is_refused(self, ada, app_of, now):
        secret, step = app_of(ada.user_id), totp.step_at(now)
        commands.check_totp(user_id=ada.user_id, code=totp.code_at(secret, step), now=now)

        with pytest.raises(WrongCode):
            commands.check_totp(user_id=ada.user_id, code=totp.code_at(secret, step - 1), now=now)

    def test_that_confirmed_the_app_is_used_up(self, ada, app_of, now):
        secret = app_of(ada.user_id, at=now)

        with pytest.raises(WrongCode):
            commands.check_totp(user_id=ada.user_id, code=totp.code_at(secret, totp.step_at(now)), now=now)

    def test_of_an_app_that_nobody_confirmed_is_refused(self, ada, by_ada, now):
        new = commands.begin_totp(user_id=ada.user_id, actor=by_ada)

        with pytest.raises(WrongCode):
            commands.check_totp(
                user_id=ada.user_id, code=totp.code_at(secret_of(new.secret), totp.step_at(now)), now=now
            )

    def test_changes_no_version(self, ada, app_of, now):
        secret = app_of(ada.user_id)
        before = Totp.objects.get(user_id=ada.user_id).version

        commands.check_totp(user_id=ada.user_id, code=totp.code_at(secret, totp.step_at(now)), now=now)

        assert Totp.objects.get(user_id=ada.user_id).version == before
