"""How far an export has come is known by its job. The columns that told it before stay for a release, for processes of
before the upgrade; with a default, since nobody else writes them.
"""

from django.db import migrations, models

_UNWRITTEN = {"stage": "''", "parts_done": "0", "parts_total": "0", "rows_done": "0"}


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="job_id",
            field=models.UUIDField(
                help_text="The job that makes it; the next sweep begins one where none does.", null=True
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="export", name=name) for name in (*_UNWRITTEN, "heard_at")
            ],
            database_operations=[
                migrations.RunSQL(
                    f"alter table exports_export alter column {name} set default {value}",
                    f"alter table exports_export alter column {name} drop default",
                )
                for name, value in _UNWRITTEN.items()
            ],
        ),
    ]
