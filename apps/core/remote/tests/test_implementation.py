from __future__ import annotations

from typing import Any

import pytest

from apps.core.remote import ServiceNotHere, implementation


def test_a_service_of_another_process_is_named(settings: Any) -> None:
    settings.SERVICES = ["gateway"]

    with pytest.raises(ServiceNotHere, match="iam is needed, and this process holds only gateway") as raised:
        implementation("iam")
    assert raised.value.extra == {"service": "iam"}


def test_a_service_of_this_process_is_its_local_facade(settings: Any) -> None:
    settings.SERVICES = ["iam"]

    assert implementation("iam").__name__ == "apps.iam.facade.local"
