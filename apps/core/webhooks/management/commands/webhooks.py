"""`manage.py webhooks`: look after a tenant's webhooks from a shell."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.core.webhooks import commands, queries
from apps.core.webhooks.models import WebhookDelivery


class Command(BaseCommand):
    help = "List, enable, pause and disable webhooks of a tenant, and replay what they were sent."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="the webhooks")
        listing.add_argument("--state", choices=queries.STATES, default="")
        deliveries = actions.add_parser("deliveries", help="what one was sent, the newest first")
        deliveries.add_argument("--state", choices=WebhookDelivery.State.values)
        deliveries.add_argument("--limit", type=int, default=50)
        replay = actions.add_parser("replay", help="send once more what failed since an instant")
        replay.add_argument("--since", type=datetime.fromisoformat, required=True)
        replay.add_argument("--all", action="store_true", help="what was accepted too")
        others = [actions.add_parser(verb, help=f"{verb} one") for verb in ("enable", "pause", "disable")]
        for one in (deliveries, replay, *others):
            one.add_argument("webhook", type=UUID)
        for one in (listing, deliveries, replay, *others):
            one.add_argument("--tenant", type=UUID, required=True, help="The id of the tenant.")

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            with tenant(options["tenant"]):
                getattr(self, f"_{action}")(**options)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _list(self, *, state: str, **_options: Any) -> None:
        for endpoint in queries.endpoints(state=state):
            failing = f"  failing since {endpoint.failing_since:%Y-%m-%d %H:%M}" if endpoint.failing_since else ""
            wanted = ", ".join(endpoint.event_types)
            self.stdout.write(f"{endpoint.id}  {endpoint.shown_state:8}  {endpoint.url}  {wanted}{failing}")

    def _deliveries(self, *, webhook: UUID, state: str | None, limit: int, **_options: Any) -> None:
        queries.endpoint(webhook)
        rows = queries.deliveries(webhook)
        for delivery in (rows.filter(state=state) if state else rows)[:limit]:
            told = delivery.last_error or delivery.last_status or ""
            at = f"{delivery.created_at:%Y-%m-%d %H:%M:%S}"
            self.stdout.write(f"{delivery.id}  {at}  {delivery.state:9}  {delivery.event_type}  {told}")

    def _replay(self, *, webhook: UUID, since: datetime, **options: Any) -> None:
        moment = since if since.tzinfo else timezone.make_aware(since)
        which = queries.ALL if options["all"] else queries.FAILED
        job = commands.request_replay(endpoint_id=webhook, since=moment, which=which, actor=SYSTEM, now=timezone.now())
        self.stdout.write(f"job {job.id} replays them")

    def _enable(self, **options: Any) -> None:
        self._become("enabled", **options)

    def _pause(self, **options: Any) -> None:
        self._become("paused", **options)

    def _disable(self, **options: Any) -> None:
        self._become("disabled", **options)

    def _become(self, state: str, *, webhook: UUID, **_options: Any) -> None:
        commands.update_endpoint(endpoint_id=webhook, state=state, actor=SYSTEM, now=timezone.now())
        self.stdout.write(f"webhook {webhook} is {state}")
