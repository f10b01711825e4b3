"""What lies in plain of customers is sealed, in rows and their history. Safe to begin again where it was interrupted."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.core.crypto.sealing_columns import SealColumn

ADDRESS = ("name", "lines", "city", "postal_code", "region", "phone")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0008_sealed_columns"), ("crypto", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("email_mark", ""), _negated=True),
                fields=["tenant_id", "email_mark"],
                name="orders_customer_by_email",
            ),
        ),
        SealColumn("orders", "Customer", "email"),
        *(SealColumn("orders", "CustomerAddress", name) for name in ADDRESS),
    ]
