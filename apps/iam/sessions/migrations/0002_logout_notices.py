"""Who is to be told of the end of a session."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.db.ids


class Migration(migrations.Migration):
    dependencies = [
        ("iam_sessions", "0001_initial"),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LogoutNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("uri", models.CharField(help_text="As it was when the session ended.", max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("given_up", "Given Up")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="iam_sessions.session",
                    ),
                ),
            ],
            options={
                "db_table": "iam_logout_notice",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "pending")), fields=["next_attempt_at"], name="logout_notice_due"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("session", "application"), name="logout_notice_once")],
            },
        ),
    ]
