"""What we sign anybody can check, and nobody else can make."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.crypto.signing import NotSigned, public_keys, sign, signed

SAID = {"sequence": 7, "hash": "abc"}


def test_is_read_back_with_our_keys_and_with_the_public_ones_alone() -> None:
    text = sign(SAID, purpose="p")

    assert signed(text, purpose="p") == SAID
    assert signed(text, purpose="anything", keys=public_keys("p")) == SAID


def test_holds_for_one_purpose() -> None:
    with pytest.raises(NotSigned):
        signed(sign(SAID, purpose="p"), purpose="q")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "..", "eyJhbGciOiJub25lIn0.e30."])
def test_nonsense_is_not_signed(text: str) -> None:
    with pytest.raises(NotSigned):
        signed(text, purpose="p")


def test_every_character_counts() -> None:
    text = sign(SAID, purpose="p")
    for position in range(0, len(text) - 1, 7):
        other = "A" if text[position] != "A" else "B"
        with pytest.raises(NotSigned):
            signed(text[:position] + other + text[position + 1 :], purpose="p")


def test_an_older_secret_still_vouches_and_a_foreign_one_does_not(settings: Any) -> None:
    text = sign(SAID, purpose="p")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "new secret " * 5
    with pytest.raises(NotSigned):
        signed(text, purpose="p")

    settings.SECRET_KEY_FALLBACKS = [former]

    assert signed(text, purpose="p") == SAID
    assert [key["kty"] for key in public_keys("p")] == ["OKP", "OKP"]
    assert "d" not in public_keys("p")[0]
