import django.utils.timezone
from django.db import migrations, models

import apps.core.db.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OutgoingMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("template", models.CharField(max_length=63)),
                ("recipient", models.EmailField(max_length=254)),
                ("recipient_key", models.CharField(help_text="The address as it is compared.", max_length=254)),
                (
                    "tenant_id",
                    models.UUIDField(editable=False, help_text="The tenant it is about, if there is one.", null=True),
                ),
                (
                    "person_id",
                    models.UUIDField(editable=False, help_text="The person it is about, if known.", null=True),
                ),
                (
                    "message_id",
                    models.CharField(
                        help_text="The same at each attempt, so that doubles are recognised.", max_length=255
                    ),
                ),
                ("subject", models.CharField(max_length=255)),
                ("sealed_body", models.BinaryField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("sent", "Sent"), ("failed", "Failed")],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=500)),
            ],
            options={
                "db_table": "mail_message",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["next_attempt_at"], name="mail_message_due"
                    ),
                    models.Index(fields=["recipient_key", "template", "created_at"], name="mail_message_recipient"),
                    models.Index(fields=["created_at"], name="mail_message_age"),
                ],
            },
        ),
    ]
