"""The keys that personal data is encrypted with, wrapped. Every database has such a table, for what it holds itself:
to write there needs nobody else, and to back it up takes no key along that would open it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


class DataKey(models.Model):
    """One version of the key of a subject in a tenant: a person, a customer, or the tenant itself.

    The newest version encrypts, the others still decrypt. One that was destroyed stays as an empty row, so that no
    later one takes its place.
    """

    application_grants = ("SELECT", "INSERT", "UPDATE")
    left_out_of_exports = True

    pk = models.CompositePrimaryKey("tenant_id", "subject_id", "version")
    tenant_id = models.UUIDField()
    subject_id = models.UUIDField(help_text="Whose data it opens; the tenant's own id: of nobody in particular.")
    version = models.SmallIntegerField()
    wrapped = models.BinaryField(help_text="Empty once it was destroyed.")
    wrapped_by = models.CharField(max_length=16, help_text="Name of the key-encryption key.")
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "crypto_data_key"
        indexes = [
            # Without the tenant first: the keys of one person in every tenant.
            models.Index(fields=["subject_id"], name="data_key_of_subject"),
            models.Index(fields=["tenant_id", "wrapped_by"], name="data_key_by_wrapping"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.version}"
