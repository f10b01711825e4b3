"""Movements that an earlier version wrote without a word are found at once, and cost nothing when there are none."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("inventory", "0005_stock_read_models")]

    operations = [
        AddIndexConcurrently(
            model_name="stockmovement",
            index=models.Index(
                condition=models.Q(("announced", False)),
                fields=["tenant_id", "product"],
                name="inventory_ledger_unannounced",
            ),
        ),
    ]
