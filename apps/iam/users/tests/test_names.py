"""How names and addresses are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.iam.users.errors import InvalidMember
from apps.iam.users.names import folded, valid_email, valid_name


class TestFolded:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("ADA@Mail.Example", "ada@mail.example"),
            ("  Ada \t Lovelace ", "ada lovelace"),
            ("ﬁsh", "fish"),
            ("Straße", "STRASSE"),
            ("Zoe\u0308", "ZOË"),
        ],
    )
    def test_takes_as_equal_what_people_do(self, one, other):
        assert folded(one) == folded(other)

    @given(st.text())
    def test_is_final(self, text):
        assert folded(folded(text)) == folded(text)


class TestValidEmail:
    @pytest.mark.parametrize(
        "email", ["", "ada", "ada@", "a b@mail.example", "ada@mail.example\n\nx", "a" * 250 + "@b.example"]
    )
    def test_refuses_what_is_no_address(self, email):
        with pytest.raises(InvalidMember) as refusal:
            valid_email(email)

        assert list(refusal.value.errors) == ["email"]

    def test_drops_surrounding_space(self):
        assert valid_email(" ada@mail.example ") == "ada@mail.example"


class TestValidName:
    @pytest.mark.parametrize("name", ["", "  ", "\x00", "x" * 201])
    def test_refuses_too_little_and_too_much(self, name):
        with pytest.raises(InvalidMember):
            valid_name(name)
