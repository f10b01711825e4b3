"""The tables of the log and of its readers. Every database has them; rows are reached by `.using(alias)`.

Reading order: a committed event waits in `Pending`, the relay gives it a `Position`, readers follow positions.
Hot paths (append, relay, claim) are single SQL statements beside the code that needs them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.core.db.grants import APPEND_ONLY
from apps.core.db.ids import uuid7
from apps.core.events.envelope import plain_row
from apps.core.history.tracking import tracked


class Stream(models.Model):
    """Where each aggregate's stream ends. Its row lock orders the writers of one aggregate."""

    application_grants = ("SELECT", "INSERT", "UPDATE")
    left_out_of_exports = True

    pk = models.CompositePrimaryKey("tenant_id", "aggregate_id")
    tenant_id = models.UUIDField()
    aggregate_id = models.UUIDField()
    version = models.IntegerField(help_text="Sequence of the last event.")


class Event(models.Model):
    """One fact, never changed. The table is partitioned by the month of `recorded_at` (see the first migration)."""

    application_grants = APPEND_ONLY
    relay_grants = ("SELECT",)

    pk = models.CompositePrimaryKey("id", "recorded_at")
    id = models.UUIDField()
    recorded_at = models.DateTimeField()
    tenant_id = models.UUIDField()
    aggregate_type = models.TextField()
    aggregate_id = models.UUIDField()
    sequence = models.IntegerField(help_text="Place in the aggregate's stream, from 1.")
    type = models.TextField()
    version = models.SmallIntegerField(help_text="Of the schema.")
    topic = models.TextField()
    payload = models.JSONField()  # personal values are encrypted: `concealing`
    causation_id = models.UUIDField()
    correlation_id = models.TextField()
    user_id = models.UUIDField(null=True)
    impersonator_id = models.UUIDField(null=True, help_text="Who acted in the name of `user_id`.")
    traceparent = models.TextField()
    origin = models.JSONField(null=True, help_text="Who acted, from where; for events that remember it.")

    class Meta:
        indexes = [
            models.Index(fields=["aggregate_id", "sequence"], name="events_event_of_aggregate"),
            models.Index(fields=["tenant_id", "recorded_at"], name="events_event_of_tenant"),
        ]

    @staticmethod
    def plain_row(row: dict[str, Any]) -> dict[str, Any]:
        """A row of an export with its personal values in plain."""
        return plain_row(row)


class Snapshot(models.Model):
    """What an aggregate's first events come to, so that a long stream is read from there on.

    Made of the events alone, and made again without it. `code` is the fingerprint of what made it: others pass it by.
    """

    application_grants = ("SELECT", "INSERT", "DELETE")
    left_out_of_exports = True

    pk = models.CompositePrimaryKey("tenant_id", "id")
    id = models.UUIDField()
    tenant_id = models.UUIDField()
    aggregate_id = models.UUIDField()
    code = models.TextField()
    sequence = models.IntegerField(help_text="Of the last event in it.")
    recorded_at = models.DateTimeField(help_text="When that was recorded.")
    state = models.JSONField()  # personal values are encrypted, as in events
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "aggregate_id", "code", "sequence"], name="events_snapshot_once"
            ),
        ]


class ArchivedMonth(models.Model):
    """Where a tenant's events of one month are, since they left the table above: in a Parquet file, never changed."""

    application_grants = ("SELECT",)
    relay_grants = APPEND_ONLY
    left_out_of_exports = True  # what the files hold is exported

    pk = models.CompositePrimaryKey("tenant_id", "month")
    tenant_id = models.UUIDField()
    month = models.DateField(help_text="Its first day.")
    file = models.TextField(help_text="In the storage `archive`.")
    rows = models.BigIntegerField()
    sha256 = models.TextField()
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    archived_at = models.DateTimeField()

    class Meta:
        db_table = "events_archive"
        indexes = [models.Index(fields=["last_position"], name="events_archive_by_position")]


class Pending(models.Model):
    """Appended, and not yet placed: a queue in the order of insertion."""

    application_grants = ("INSERT",)
    relay_grants = ("SELECT", "DELETE")

    event_id = models.UUIDField()
    recorded_at = models.DateTimeField()


class Position(models.Model):
    """The order in which readers see the log. Given after the commit, so nothing appears behind a reader."""

    application_grants = ("SELECT",)  # ids and an order, of every tenant; whose they are, only the log tells
    relay_grants = APPEND_ONLY

    position = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    recorded_at = models.DateTimeField()


class ConsumerOffset(models.Model):
    """How far a group has come in this database's log. Behind the effects, never before them."""

    application_grants = ("SELECT",)
    relay_grants = ("SELECT", "INSERT", "UPDATE")

    group = models.TextField(primary_key=True)
    position = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "events_consumer_offset"


class Inbox(models.Model):
    """The events that had their effect on a group, written in the transaction of the effect."""

    application_grants = ("SELECT", "INSERT", "DELETE")

    pk = models.CompositePrimaryKey("group", "event_id")
    group = models.TextField()
    event_id = models.UUIDField()
    handled_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["handled_at"], name="events_inbox_by_age")]


class GroupChange(models.Model):
    """Whether a group is to read: the latest row of its says so, the others tell its story. No row: it reads.

    In the database of the group's effects. A group serves all tenants, so this belongs to the platform.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"  # by somebody
        SUSPENDED = "suspended"  # by itself: most of its latest events failed

    application_grants = APPEND_ONLY

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group = models.TextField()
    state = models.TextField(choices=State)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.TextField()
    because = models.TextField()

    class Meta:
        db_table = "events_group_change"
        indexes = [models.Index(fields=["group", "-id"], name="events_group_change_latest")]


class GroupActivity(models.Model):
    """What a group has done so far, and when one of its readers was last heard of. For measures: a reader that is
    killed takes the counts of its last seconds along.
    """

    application_grants = ("SELECT", "INSERT", "UPDATE")

    group = models.TextField(primary_key=True)
    handled = models.BigIntegerField(help_text="Events that had their effect.")
    failed = models.BigIntegerField(help_text="Attempts that failed.")
    parked = models.BigIntegerField(help_text="Events that became dead letters, those that wait behind others too.")
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "events_group_activity"


# What the events tell of people is shown to those who may repair, not to all who may read the history.
@tracked(exclude=("envelope", "corrections", "reason", "words", "traceback"))
class DeadLetter(models.Model):
    """An event that a group could not handle, or that waits behind such a one of the same key (`failed` is false).

    A key is parked as long as one of its dead letters is. The event itself is never changed, here or in the log: a
    corrected payload stands beside it.
    """

    class Status(models.TextChoices):
        PARKED = "parked"
        RETRYING = "retrying"  # set by earlier releases; as good as parked
        RESOLVED = "resolved"
        DISCARDED = "discarded"

    OPEN: ClassVar = (Status.PARKED, Status.RETRYING)

    application_grants = ("SELECT", "INSERT", "UPDATE")
    left_out_of_exports = True
    # Enough to say in which tenants something is parked, and to count it; not what it is about.
    relay_grants = ('SELECT (tenant_id, "group", status, parked_at)',)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    group = models.TextField()
    key = models.UUIDField(help_text="Id of the aggregate.")
    event_id = models.UUIDField()
    event_type = models.TextField()
    sequence = models.IntegerField(help_text="Order within the key.")
    envelope = models.JSONField()
    status = models.TextField(choices=Status, default=Status.PARKED)
    failed = models.BooleanField(help_text="False: it only waits behind one that failed.")
    reason = models.TextField(help_text="Kind and place of the error; nothing that it quotes.")
    words = models.TextField(default="", db_default="", help_text="What the error said, sealed: `failures.words_of`.")
    traceback = models.TextField(default="", help_text="Sealed too.")
    attempts = models.IntegerField(default=0)
    parked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    settled_because = models.TextField(default="")
    corrections = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Payloads to be handled in place of the event's own, oldest first: the last one counts.",
    )
    corrected_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "events_dead_letter"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "group", "event_id"], name="events_dead_letter_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "group", "key", "sequence"],
                name="events_dead_letter_open",
                condition=Q(status__in=["parked", "retrying"]),
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it still holds its key."""
        return self.status in self.OPEN
