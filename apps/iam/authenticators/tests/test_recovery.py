"""Recovery codes."""

from __future__ import annotations

import pytest

from apps.core.history import SYSTEM
from apps.iam.authenticators import commands, queries
from apps.iam.authenticators.errors import NoSecondFactor, WrongCode
from apps.iam.authenticators.models import RecoveryCodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def codes(ada, by_ada, app_of, now):
    app_of(ada.user_id)
    return commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)


def test_are_ten_that_nobody_can_read_afterwards(ada, codes, told):
    kept = RecoveryCodes.objects.get(user_id=ada.user_id).fingerprints

    assert len(set(codes)) == len(set(kept)) == 10
    assert not {code.replace("-", "") for code in codes} & set(kept)
    assert told(ada.user_id) == ["mfa.totp_enabled", "mfa.recovery_codes_made"]


def test_are_good_once_each_however_they_are_typed(ada, codes, now, told):
    left = commands.use_recovery_code(
        user_id=ada.user_id, code=f" {codes[3].upper().replace('-', ' ')}", actor=SYSTEM, now=now
    )

    assert (left, queries.held_by(ada.user_id).codes_left) == (9, 9)
    with pytest.raises(WrongCode):
        commands.use_recovery_code(user_id=ada.user_id, code=codes[3], actor=SYSTEM, now=now)
    assert told(ada.user_id)[2:] == ["mfa.recovery_code_used"]


def test_made_anew_replace_the_old_ones(ada, by_ada, codes, now):
    fresh = commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)

    with pytest.raises(WrongCode):
        commands.use_recovery_code(user_id=ada.user_id, code=codes[0], actor=SYSTEM, now=now)
    assert commands.use_recovery_code(user_id=ada.user_id, code=fresh[0], actor=SYSTEM, now=now) == 9


def test_of_somebody_else_are_refused(codes, member, app_of, now):
    other = member("clerk")
    app_of(other.user_id)
    commands.make_recovery_codes(user_id=other.user_id, actor=SYSTEM, now=now)

    with pytest.raises(WrongCode):
        commands.use_recovery_code(user_id=other.user_id, code=codes[0], actor=SYSTEM, now=now)


def test_need_a_second_factor_to_stand_in_for(ada, by_ada, now):
    with pytest.raises(NoSecondFactor):
        commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)


def test_outlive_a_rotation_of_the_key(ada, codes, now, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10

    assert commands.use_recovery_code(user_id=ada.user_id, code=codes[0], actor=SYSTEM, now=now) == 9


@pytest.mark.parametrize("typed", ["", "-", "aaaa-bbbb-cccc", "\x00", "é" * 12])
def test_are_not_guessed_by_nonsense(ada, codes, now, typed):
    with pytest.raises(WrongCode):
        commands.use_recovery_code(user_id=ada.user_id, code=typed, actor=SYSTEM, now=now)
