"""Refuse to start with a way out that cannot be one."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.core.mail import transport


@checks.register
def email_url_is_well_formed(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A mail server, the outbox, or nothing. The URL holds a password, so the message does not repeat it."""
    if not transport.is_on() or transport.is_outbox():
        return []
    try:
        transport.server_of(settings.EMAIL_URL)
    except ValueError as error:
        return [checks.Error(f"EMAIL_URL cannot be used: {error}.", id="mail.E001")]
    return []


@checks.register
def sender_is_an_address(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """`Name <address>` or an address."""
    try:
        validate_email(parseaddr(settings.EMAIL_FROM)[1])
    except ValidationError:
        return [checks.Error(f"EMAIL_FROM {settings.EMAIL_FROM!r} is no e-mail address.", id="mail.E002")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def outbox_is_for_development(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Whoever can read the outbox can take over accounts: its page shows links that reset passwords."""
    if transport.is_outbox() and settings.ENVIRONMENT != "development":
        return [checks.Error("EMAIL_URL is the outbox, which is for development only.", id="mail.E003")]
    return []
