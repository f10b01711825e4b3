"""Where an invoice is sent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="buyer_address",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Lines, as on an envelope.", max_length=1000
            ),
        ),
    ]
