"""`manage.py create_owner`: the first tenant and its owner, for an installation that starts empty."""

from __future__ import annotations

import getpass
import sys
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.auth.permissions import OWNER
from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.oidc import commands as oidc
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands
from apps.iam.users.passwords import one_time_password


class Command(BaseCommand):
    help = "Create a tenant and its first owner. Without a terminal a random password is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant-slug", help="Short name of the tenant; asked for when left out.")
        parser.add_argument("--tenant-name", help="Its full name; asked for when left out.")
        parser.add_argument("--currency", default="EUR", help="ISO 4217 code (default: EUR).")
        parser.add_argument("--email", help="The owner's address; asked for when left out.")
        parser.add_argument("--name", default="", help="The owner's name (default: the address).")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["tenant_slug"] or self._asked("Short name of the company (small letters)")
        name = options["tenant_name"] or self._asked("Full name of the company")
        email = options["email"] or self._asked("Your e-mail address")
        password, shown = self._password()
        try:
            oidc.ensure_bff_client()
            tenant = tenants.create_tenant(slug=slug, name=name, default_currency=options["currency"])
            is_new = self._add_owner(tenant.id, email, options["name"] or email, password)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{email} is an owner of {tenant.slug}")
        if not is_new:
            self.stdout.write("this address was known already: sign in with the password it has")
        elif shown:
            self.stdout.write(f"password (shown only now): {password}")

    def _add_owner(self, tenant_id: UUID, email: str, name: str, password: str) -> bool:
        with entered(tenant_id):
            _, is_new = commands.add_member(
                email=email, name=name, roles=[OWNER], password=password, actor=SYSTEM, now=timezone.now()
            )
        return is_new

    def _asked(self, question: str) -> str:
        if not sys.stdin.isatty():
            raise CommandError("without a terminal, give --tenant-slug, --tenant-name and --email")
        return input(f"{question}: ").strip()

    def _password(self) -> tuple[str, bool]:
        """The password, and whether it has to be shown: asked for at a terminal, made up elsewhere."""
        if not sys.stdin.isatty():
            return one_time_password(), True
        while True:
            password = getpass.getpass("Password (leave empty for a random one): ")
            if not password:
                return one_time_password(), True
            try:
                validate_password(password)
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
                continue
            if getpass.getpass("The same again: ") == password:
                return password, False
            self.stderr.write("the two differ")
