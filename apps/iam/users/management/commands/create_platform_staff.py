"""`manage.py create_platform_staff ada@platform.example --name "Ada"`: somebody who may use /admin/."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.iam.users import commands
from apps.iam.users.passwords import one_time_password


class Command(BaseCommand):
    help = "Make somebody platform staff. A random password is printed once for a person who is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        password = one_time_password()
        try:
            user, is_new = commands.create_platform_staff(email=email, name=name, password=password)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{user.email} is platform staff")
        if is_new:
            self.stdout.write(f"password (shown only now): {password}")
