"""What errors said before is sealed too. Safe to begin again where it was interrupted: each row is done for itself."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from apps.core.events.failures import seal_plain
from apps.core.tenancy import tenant


def seal(apps: Any, schema_editor: Any) -> None:
    """Tenant by tenant: the owner sees all of them (`owner_counts`), and changes what is the current one's."""
    alias = schema_editor.connection.alias
    plain = apps.get_model("events", "DeadLetter").objects.using(alias).filter(failed=True, words="")
    for tenant_id in list(plain.order_by("tenant_id").values_list("tenant_id", flat=True).distinct()):
        with tenant(tenant_id):
            for letter in plain.filter(tenant_id=tenant_id).iterator():
                seal_plain(letter, using=alias)
                letter.save(using=alias, update_fields=["reason", "words", "traceback"])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0005_words_of_failures")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
