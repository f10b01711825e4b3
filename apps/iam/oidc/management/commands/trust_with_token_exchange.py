"""`manage.py trust_with_token_exchange CLIENT_ID`: let a client exchange tokens, so that people act as others in it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.iam.oidc import commands


class Command(BaseCommand):
    help = "Let a confidential client exchange tokens (RFC 8693): its users may act as others, as far as they may."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client_id", help="As the client was told.")
        parser.add_argument("--withdraw", action="store_true", help="Trust it no longer.")

    def handle(self, *args: Any, client_id: str, withdraw: bool, **options: Any) -> None:
        try:
            client = commands.trust_with_token_exchange(client_id=client_id, trusted=not withdraw, actor=SYSTEM)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{client.name} ({client_id}) {'may' if client.may_exchange_tokens else 'may not'} exchange")
