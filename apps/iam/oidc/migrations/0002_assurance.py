from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oidc", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name=model,
            name=name,
            field=field,
        )
        for model in ("grant", "refreshtoken")
        for name, field in (
            (
                "acr",
                models.CharField(blank=True, default="", help_text="How sure we were of the person.", max_length=16),
            ),
            ("amr", models.JSONField(blank=True, default=list, help_text="By which methods (RFC 8176).")),
        )
    ]
