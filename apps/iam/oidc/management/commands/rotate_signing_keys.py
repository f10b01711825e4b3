"""`manage.py rotate_signing_keys`: the next keys sign from now on, and new next ones are published."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.iam.oidc import signing_keys


class Command(BaseCommand):
    help = (
        "Let the published next keys sign, and publish new next ones. The old ones stay published until their tokens "
        "are over, so nobody is signed out. Does nothing where the signing keys are minutes old."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--withdraw",
            action="store_true",
            help="The signing keys may be in other hands: publish them no longer. Access tokens that they signed are "
            "refused within minutes; who is signed in gets new ones.",
        )

    def handle(self, *args: Any, withdraw: bool, **options: Any) -> None:
        now = timezone.now()
        rotated = signing_keys.withdraw(now=now) if withdraw else signing_keys.rotate(now=now)
        for key in rotated:
            self.stdout.write(f"{key.algorithm} tokens are signed with {key.kid}")
        if not rotated:
            self.stdout.write("nothing to do: the signing keys, or the next ones, are too new")
