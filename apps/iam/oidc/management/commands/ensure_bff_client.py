"""`manage.py ensure_bff_client`: make the gateway known to the identity provider under its present address."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.iam.oidc import commands


class Command(BaseCommand):
    help = "Register the gateway as a client of the identity provider, or update its addresses. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            client = commands.ensure_bff_client()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"client {client.client_id} returns to {client.redirect_uris}")
