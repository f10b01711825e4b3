"""The security log: records that nobody changes, chained per tenant, and where each chain ends."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.core.db.grants import APPEND_ONLY
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import chain
from apps.iam.audit.chain import HeadState
from apps.iam.audit.facts import Facts
from apps.iam.users.names import folded

_KEY_LENGTH = 200


class SecurityRecordQuerySet(models.QuerySet["SecurityRecord"]):
    def in_tenant(self) -> SecurityRecordQuerySet:
        """Only the current tenant's chain, said so that the planner can use the indexes. Raises NoTenant."""
        return self.filter(tenant_id=require_tenant_id())


class SecurityRecord(models.Model):
    """One thing that happened, in its place in the chain of its tenant (or of `tenancy.PLATFORM`).

    Written once, never changed: the application may read and insert, and triggers refuse even the owner. Partitioned
    by the month of `recorded_at`, which rises with `sequence`; the table's key is (tenant_id, event_id, recorded_at).
    """

    application_grants = APPEND_ONLY
    left_out_of_exports = True  # as a table: `exporting.whole_log` gives it with its hashes

    event_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField(default=require_tenant_id)
    sequence = models.BigIntegerField(help_text="Place in the chain, from 1, without gaps.")
    at = models.DateTimeField(help_text="When it happened.")
    recorded_at = models.DateTimeField(help_text="When it got its place in the chain.")
    kind = models.TextField()
    outcome = models.TextField()
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_name = models.TextField()
    impersonator_id = models.UUIDField(null=True, help_text="Who acted in the actor's name.")
    impersonator_name = models.TextField()
    subject_id = models.UUIDField(help_text="Whose security it is about.")
    address = models.TextField()
    user_agent = models.TextField()
    session_id = models.TextField()
    reason = models.TextField()
    details = models.JSONField(default=dict)
    trace_id = models.TextField()
    previous_hash = models.TextField()
    hash = models.TextField()
    # For searching: derived from what is hashed, and compared with it by the verification.
    actor_key = models.TextField()
    reason_key = models.TextField()

    objects = SecurityRecordQuerySet.as_manager()

    class Meta:
        db_table = "audit_security_record"
        ordering = ["-recorded_at", "-event_id"]
        indexes = [
            models.Index(fields=["tenant_id", "recorded_at", "event_id"], name="security_record_by_time"),
            models.Index(fields=["tenant_id", "sequence", "event_id"], name="security_record_in_chain"),
            models.Index(fields=["tenant_id", "kind", "recorded_at"], name="security_record_by_kind"),
            models.Index(fields=["tenant_id", "actor_id", "recorded_at"], name="security_record_by_actor"),
            models.Index(fields=["tenant_id", "actor_key", "recorded_at"], name="security_record_by_name"),
            models.Index(
                fields=["tenant_id", "impersonator_id", "recorded_at"],
                name="security_record_by_impersonato",
                condition=Q(impersonator_id__isnull=False),
            ),
            # Without the tenant first: people read their own in all of their tenants.
            models.Index(fields=["subject_id", "recorded_at", "event_id"], name="security_record_by_subject"),
            models.Index(
                fields=["tenant_id", "outcome", "recorded_at"],
                name="security_record_by_outcome",
                condition=~Q(outcome="success"),
            ),
            models.Index(
                fields=["tenant_id", "session_id", "recorded_at"],
                name="security_record_by_session",
                condition=~Q(session_id=""),
            ),
            models.Index(
                fields=["tenant_id", "address", "recorded_at"],
                name="security_record_by_address",
                condition=~Q(address=""),
            ),
            models.Index(
                fields=["tenant_id", "reason_key", "recorded_at"],
                name="security_record_by_reason",
                condition=~Q(reason_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"

    @property
    def group(self) -> str:
        """The group of its kind: `sign_in` of `sign_in.failed`."""
        return self.kind.partition(".")[0]

    @classmethod
    def following(cls, state: HeadState, facts: Facts, *, recorded_at: datetime) -> SecurityRecord:
        """The record of these facts, as the next one of the current tenant's chain. Not saved."""
        values = {name: getattr(facts, name) for name in Facts.__slots__}
        record = cls(**{**values, "details": dict(facts.details)}, recorded_at=recorded_at)
        record.sequence, record.previous_hash = state.sequence + 1, state.hash
        record.hash = chain.hash_of(chain.content_of(record))
        record.actor_key, record.reason_key = record.search_keys()
        return record

    def search_keys(self) -> tuple[str, str]:
        """Actor's name and reason as they are compared when somebody searches."""
        return folded(self.actor_name)[:_KEY_LENGTH], folded(self.reason)[:_KEY_LENGTH]


class SecurityChain(models.Model):
    """Where a tenant's chain ends. Its row lock orders the writers of the chain; its seal tells our heads from others.

    A trigger lets it move on by one record at a time, and only forwards.
    """

    application_grants = ("SELECT", "INSERT", "UPDATE")
    left_out_of_exports = True

    tenant_id = models.UUIDField(primary_key=True, default=require_tenant_id)
    sequence = models.BigIntegerField(default=0, help_text="Of the last record; 0: there is none.")
    hash = models.TextField(default=chain.NO_HASH)
    recorded_at = models.DateTimeField(null=True)
    base_sequence = models.BigIntegerField(default=0, help_text="Of the last record that retention took away.")
    base_hash = models.TextField(default=chain.NO_HASH)
    anchored_sequence = models.BigIntegerField(default=0, help_text="Where the last checkpoint was made.")
    seal = models.BinaryField(default=bytes)

    class Meta:
        db_table = "audit_security_chain"

    def __str__(self) -> str:
        return f"{self.tenant_id} to {self.sequence}"

    def put(self, state: HeadState) -> None:
        """Write the state and its seal into the row. Does not save."""
        self.sequence, self.hash = state.sequence, state.hash
        self.base_sequence, self.base_hash = state.base_sequence, state.base_hash
        self.seal = chain.sealed(state, tenant_id=self.tenant_id)
