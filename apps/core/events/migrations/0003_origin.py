"""Events may remember who acted and from where. A new column without a default rewrites nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0002_impersonator")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="origin",
            field=models.JSONField(null=True, help_text="Who acted, from where; for events that remember it."),
        ),
    ]
