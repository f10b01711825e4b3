"""Every write of webhooks by somebody's wish, and the one that nobody wishes: disabling what fails for too long."""

from apps.core.webhooks.commands.changing import (
    create_endpoint,
    delete_endpoint,
    restore_endpoint,
    update_endpoint,
)
from apps.core.webhooks.commands.disabling import disable_for
from apps.core.webhooks.commands.replaying import replay_delivery, request_replay
from apps.core.webhooks.commands.secrets import Issued, rotate_secret
from apps.core.webhooks.commands.testing import send_test

__all__ = [
    "Issued",
    "create_endpoint",
    "delete_endpoint",
    "disable_for",
    "replay_delivery",
    "request_replay",
    "restore_endpoint",
    "rotate_secret",
    "send_test",
    "update_endpoint",
]
