"""Messages on their way out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from apps.core.db.ids import uuid7


class OutgoingMessage(models.Model):
    """One message to one address. A platform table: people get mail before they are in a tenant.

    The text holds links that are as good as passwords, so it is sealed, and dropped once it was sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    template = models.CharField(max_length=63)
    recipient = models.EmailField(max_length=254)
    recipient_key = models.CharField(max_length=254, help_text="The address as it is compared.")
    tenant_id = models.UUIDField(null=True, editable=False, help_text="The tenant it is about, if there is one.")
    person_id = models.UUIDField(null=True, editable=False, help_text="The person it is about, if known.")
    message_id = models.CharField(max_length=255, help_text="The same at each attempt, so that doubles are recognised.")
    subject = models.CharField(max_length=255)
    sealed_body = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Also the end of a claim: whoever sends it has until then before somebody else tries.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="", blank=True)

    personal_columns = dict.fromkeys(("recipient", "recipient_key", "subject", "last_error"), "person_id")

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "mail_message"
        indexes = [
            models.Index(fields=["next_attempt_at"], name="mail_message_due", condition=models.Q(state="queued")),
            models.Index(fields=["recipient_key", "template", "created_at"], name="mail_message_recipient"),
            models.Index(fields=["created_at"], name="mail_message_age"),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.recipient}"

    @property
    def place(self) -> str:
        """Where the body is sealed for."""
        return str(self.id)

    def settle(self, state: State, *, error: str = "") -> None:
        """It was sent, or given up. Does not save."""
        self.state, self.last_error = state, error
        self.sent_at = timezone.now() if state == self.State.SENT else None
