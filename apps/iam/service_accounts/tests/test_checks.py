"""The system checks of the limits."""

from __future__ import annotations

import pytest

from apps.iam.service_accounts.checks import limits_are_possible


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("API_KEY_DAYS", 0, ["service_accounts.E001"]),
        ("API_KEY_DAYS", 366, ["service_accounts.E001"]),
        ("API_KEYS_PER_HOLDER", 1, ["service_accounts.E002"]),
        ("API_KEY_DAYS", 365, []),
    ],
)
def test_limits_that_contradict_each_other_are_refused(settings, name, value, expected):
    setattr(settings, name, value)

    assert [found.id for found in limits_are_possible(None)] == expected
