"""The form of API keys."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.auth import api_keys
from apps.core.observability.redaction import HIDDEN, redacted_text


class TestKey:
    @given(number=st.integers(0, 2**128 - 1))
    def test_names_its_tenant(self, number):
        assert api_keys.tenant_of(api_keys.new_key(UUID(int=number))) == UUID(int=number)

    def test_is_one_word_that_scanners_find(self):
        key = api_keys.new_key(uuid4())

        assert re.findall(rf"\b{api_keys.PATTERN}\b", f"curl -H 'X-API-Key: {key}' …") == [key]
        assert api_keys.looks_like_one(key)

    def test_is_never_the_same_twice(self):
        tenant_id = uuid4()

        assert len({api_keys.new_key(tenant_id) for _ in range(1000)}) == 1000

    @given(place=st.integers(4, 74), letter=st.sampled_from("0aZ"))
    def test_is_none_once_a_letter_is_wrong(self, place, letter):
        key = api_keys.new_key(uuid4())
        mistyped = key[:place] + letter + key[place + 1 :]

        assert (api_keys.tenant_of(mistyped) is None) == (mistyped != key)

    @pytest.mark.parametrize("text", ["", "pfk_", "pfk_" + "z" * 71, "pfk_é" + "0" * 70, "eyJhbGciOi.x.y"])
    def test_is_not_any_text(self, text):
        assert api_keys.tenant_of(text) is None

    def test_is_kept_out_of_logs(self):
        key = api_keys.new_key(uuid4())

        assert redacted_text(f"refused {key}!") == f"refused {HIDDEN}!"

    def test_leaves_nothing_of_the_secret_in_its_hint_and_digest(self):
        key = api_keys.new_key(uuid4())

        assert key.endswith(api_keys.hint_of(key))
        assert len(api_keys.hint_of(key)) == 6
        assert api_keys.digest_of(key) != api_keys.digest_of(key[:-1])
