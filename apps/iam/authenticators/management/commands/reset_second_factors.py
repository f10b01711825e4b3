"""`manage.py reset_second_factors ada@mail.example --reason "lost phone"`: help for somebody who cannot get in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.iam.authenticators import commands
from apps.iam.users import queries as users


class Command(BaseCommand):
    help = "Take away all second factors of a person and end their sessions: they have their password alone then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="kept in the security log")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        user = users.user_by_email(email)
        if user is None:
            raise CommandError(f"there is nobody with the address {email}")
        try:
            removed = commands.reset_person(user_id=user.pk, actor=SYSTEM, now=timezone.now(), reason=reason)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{user.email} has no second factor now; removed: {removed}")
