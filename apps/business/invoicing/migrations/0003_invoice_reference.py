"""The number that a paper had elsewhere."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0002_buyer_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="reference",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Its number where it was issued first, if so.",
                max_length=40,
            ),
        ),
    ]
