"""Who acted in somebody's name. Nullable and without a default, so that no row of any partition is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="impersonator_id",
            field=models.UUIDField(null=True, help_text="Who acted in the name of `user_id`."),
        ),
    ]
