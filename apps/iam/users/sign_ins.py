"""Django tells of every sign-in by a signal; this turns it into our command."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.utils import timezone


def watch() -> None:
    """Record sign-ins our way. Django's own way saves the person, which two browsers at once would make fail."""
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    user_logged_in.connect(_record, dispatch_uid="users.record_sign_in")


def _record(sender: Any, user: Any, request: Any = None, **kwargs: Any) -> None:
    from apps.iam.users import commands

    within = getattr(request, "signed_in_within", None)
    commands.record_sign_in(user_id=user.id, now=timezone.now(), within=within)
