"""`manage.py verify_audit --tenant acme`: is the security log what was written? Exit status 1 where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from apps.core.crypto.signing import NotSigned
from apps.core.errors import DomainError
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import files, security_queries, verification
from apps.iam.audit.checkpoints import Checkpoint, checking_keys, checkpoints_in, read_checkpoint
from apps.iam.audit.maintenance import chain_ids
from apps.iam.tenants import queries as tenants

_PLATFORM = "platform"


class Command(BaseCommand):
    help = (
        "Verify the security log: every record's hash, the links between them, the sealed head, and the checkpoints "
        "that were kept. Prints what is wrong and where, and then exits with status 1. With --file, verifies an export "
        "without any database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", metavar="SLUG", help=f"One tenant's chain; `{_PLATFORM}` is the platform's own.")
        which.add_argument("--all", action="store_true", help="The platform's chain and every tenant's.")
        which.add_argument("--file", metavar="FILE", help="An export, JSON Lines or CSV.")
        which.add_argument(
            "--keys", action="store_true", help="Print the public keys that checkpoints are checked with."
        )
        parser.add_argument(
            "--from",
            dest="start",
            default="1",
            metavar="PLACE",
            help="Place in the chain, or a day such as 2026-11-23.",
        )
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="Text with checkpoints that were kept elsewhere: a checkpoint file, log lines, an answer of the API.",
        )
        parser.add_argument("--key", metavar="FILE", help="Public keys (what --keys printed) instead of our own.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keys"]:
            self.stdout.write(json.dumps({"keys": checking_keys()}, indent=2))
            return
        keys = _keys(options["key"])
        kept = list(self._kept(options["checkpoint"], keys))
        if options["file"]:
            intact = self._verify_file(options["file"], keys, kept)
        else:
            found = [self._verify_chain(name, id_, options["start"], kept) for name, id_ in _chains(options)]
            intact = all(found)
        if not intact:
            raise CommandError("the security log is not what was written", returncode=1)

    def _verify_chain(self, name: str, tenant_id: UUID, start: str, kept: list[Checkpoint]) -> bool:
        with tenant(tenant_id):
            report = verification.verify(start=_place(start), checkpoints=kept)
        verification.sound_alarm(report)
        held = f", held against {report.checkpoints} checkpoints" if report.checkpoints else ""
        end = f"the chain ends with {report.head} {report.head_hash}"
        if report.intact:
            self.stdout.write(f"{name}: intact, {report.records} records read, {end}{held}")
            return True
        self.stdout.write(f"{name}: TAMPERED WITH, {report.records} records read, {end}{held}")
        for problem in report.problems:
            self.stdout.write(f"{name}: {problem.fault}: {problem.text}")
        if report.more_problems:
            self.stdout.write(f"{name}: and more of the kind")
        return False

    def _verify_file(self, path: str, keys: list[dict[str, Any]] | None, kept: list[Checkpoint]) -> bool:
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                report = files.verify_file(file, keys=keys, checkpoints=kept)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"cannot read {path}: {error}") from error
        verdict = "intact" if report.intact else "TAMPERED WITH"
        self.stdout.write(f"{path}: {verdict}, {report.records} records, {report.first or 0} to {report.last}")
        self.stdout.write(f"{path}: {_completeness(report)}")
        for problem in report.problems:
            self.stdout.write(f"{path}: {problem.fault}: {problem.text}")
        return report.intact

    def _kept(self, paths: Iterable[str], keys: list[dict[str, Any]] | None) -> Iterable[Checkpoint]:
        for path in paths:
            try:
                with open(path, encoding="utf-8", errors="replace") as lines:
                    found = list(checkpoints_in(lines))
            except OSError as error:
                raise CommandError(f"cannot read {path}: {error}") from error
            good = 0
            for text in found:
                try:
                    yield read_checkpoint(text, keys=keys)
                    good += 1
                except NotSigned:
                    self.stderr.write(f"{path}: a checkpoint that was not signed with these keys is passed over")
            if not good:
                raise CommandError(f"{path} holds no checkpoint of this platform")


def _chains(options: dict[str, Any]) -> list[tuple[str, UUID]]:
    if options["all"]:
        ids = chain_ids()
        slugs = {id_: found.slug for id_, found in tenants.tenants(ids).items()}
        return [(slugs.get(id_, _PLATFORM), id_) for id_ in ids]
    if options["tenant"] == _PLATFORM:
        return [(_PLATFORM, PLATFORM)]
    try:
        return [(options["tenant"], tenants.tenant_by_slug(options["tenant"]).id)]
    except DomainError as error:
        raise CommandError(f"{error.code}: {error}") from error


def _place(start: str) -> int:
    """A place in the chain of the current tenant: as it is, or the first of a day."""
    if start.isascii() and start.isdigit() and int(start):
        return int(start)
    try:
        day = parse_date(start)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"--from {start}: a place in the chain from 1 on, or a day such as 2026-11-23")
    return security_queries.first_place_since(datetime.combine(day, time.min, UTC))


def _keys(path: str | None) -> list[dict[str, Any]] | None:
    if path is None:
        return None
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        return list(found.get("keys", [found]))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CommandError(f"{path} holds no public keys: {error}") from error


def _completeness(report: files.FileReport) -> str:
    if report.complete is None:
        return "no signed checkpoint closes it: whether records are missing cannot be told"
    if report.complete:
        return "it was exported whole, as its signed checkpoint says"
    return "it was exported with filters; its signed checkpoint vouches for what it holds"
