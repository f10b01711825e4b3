"""What a web process does before its first request (settings.WEB_ON_START)."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

from apps.core.observability import get_logger
from apps.iam.oidc import commands, signing_keys

_logger = get_logger("iam.oidc")


def know_gateway() -> None:
    """Make the gateway known under the address of this start, which may be another one than before.

    A process that cannot do so serves all the same: only signing in needs it, and says what is wrong.
    """
    if "iam" not in settings.SERVICES:
        return
    try:
        commands.ensure_bff_client()
    except (DatabaseError, ImproperlyConfigured) as error:
        _logger.error("the gateway could not be registered: signing in will fail", reason=str(error))


def have_signing_keys() -> None:
    """Make the first keys of a new installation, so that they are published before anybody needs them."""
    if "iam" not in settings.SERVICES:
        return
    try:
        signing_keys.ensure(now=timezone.now())
    except DatabaseError as error:
        _logger.error("there may be no keys to sign tokens with: the first token will make them", reason=str(error))
