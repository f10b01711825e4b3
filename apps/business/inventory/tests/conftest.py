from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.inventory import commands
from apps.core.history import Actor

ADA = Actor(kind="user", id=uuid4(), name="Ada")


@pytest.fixture
def occasion():
    """`occasion(reason=…)`: Ada moves something now."""

    def make(**changes):
        now = timezone.now()
        return commands.Occasion(**{"actor": ADA, "occurred_at": now, "recorded_at": now, **changes})

    return make
