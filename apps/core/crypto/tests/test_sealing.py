"""What is kept elsewhere can be neither read, changed nor moved there."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.crypto.sealing import Unreadable, seal, seal_text, unseal, unseal_text


def test_opens_with_the_same_purpose_and_place() -> None:
    assert unseal(seal(b"x", purpose="p", place="here"), purpose="p", place="here") == b"x"
    assert unseal_text(seal_text(b"x", purpose="p", place="here"), purpose="p", place="here") == b"x"


@pytest.mark.parametrize("where", [{"purpose": "q", "place": "here"}, {"purpose": "p", "place": "there"}])
def test_does_not_open_elsewhere(where: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        unseal(seal(b"x", purpose="p", place="here"), **where)


@pytest.mark.parametrize("text", ["", "x", "!!!", "é", "A" * 15, "A" * 16, "A" * 400])
def test_nonsense_does_not_open(text: str) -> None:
    with pytest.raises(Unreadable):
        unseal_text(text, purpose="p", place="here")


def test_every_bit_counts() -> None:
    sealed = bytearray(seal(b"secret", purpose="p", place="here"))
    for position in range(len(sealed)):
        sealed[position] ^= 1
        with pytest.raises(Unreadable):
            unseal(bytes(sealed), purpose="p", place="here")
        sealed[position] ^= 1


def test_an_older_secret_still_opens_and_a_foreign_one_does_not(settings: Any) -> None:
    sealed = seal(b"x", purpose="p", place="here")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "new secret " * 5

    with pytest.raises(Unreadable):
        unseal(sealed, purpose="p", place="here")
    settings.SECRET_KEY_FALLBACKS = [former]
    assert unseal(sealed, purpose="p", place="here") == b"x"
